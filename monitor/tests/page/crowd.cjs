// The page among a crowd, whose daemon goes and comes again, and does not always answer.

"use strict";
const assert = require("node:assert/strict");
const { asked, hastened, requests, text, until } = require("./tools.cjs");

/** The first line of the table to which this leads. */
async function firstOf(page, leads) {
  await page.locator("#view h1").evaluate((title) => { title.dataset.old = "yes"; });
  await leads();
  await until("another view is there", async () => (await page.locator("#view h1:not([data-old])").count()) === 1);
  await until("it says how many there are", async () => (await text(page, ".said")) === `The first 500 of ${asked.all} connections`);
  assert.equal(await page.locator("tbody tr").count(), 500);
  return text(page, "tbody tr");
}

const to = (page, words) => () => page.goto(`${asked.url}/#/connections?${words}`);

/** More connections than are shown, all at risk, each of which was found: what is shown are the first of all, and of the others how many there are. */
async function crowd(page) {
  await page.goto(asked.url);
  await page.locator(".strip a", { hasText: `All ${asked.all} at risk` }).waitFor();
  assert.equal(await page.locator(".tile").count(), 24);
  await hastened(page, "how often it was found is told", async () => (await text(page, "figure.found figcaption")).includes(`at risk ${asked.all}`));
  assert.ok((await page.locator("#view *").count()) < 1000, "the overview is as long as it is");
  // The keyboard stays where it is while the strip is brought up to date.
  const link = await page.locator(".tile").first().getAttribute("href");
  const tile = page.locator(`.tile[href="${link}"]`);
  await tile.focus();
  await tile.evaluate((tile) => { tile.dataset.old = "yes"; });
  await hastened(page, "the strip is brought up to date", async () => (await tile.getAttribute("data-old")) === null);
  assert.ok(await tile.evaluate((tile) => tile === document.activeElement));
  await page.keyboard.press("Enter");
  await until("the soonest is the first", async () => (await text(page, ".ends")).includes(asked.first));
  for (const words of ["filter=path+crowd", "filter=path+crowd&sort=left"]) {
    assert.ok((await firstOf(page, to(page, words))).includes(asked.first), words);
  }
  assert.ok(!(await firstOf(page, () => page.click("thead >> text=Left"))).includes(asked.first));
  await page.locator("th[aria-sort=descending]", { hasText: "Left" }).waitFor();
}

/** The daemon goes and comes again, and the page with it. */
async function restart(page) {
  const first = await firstOf(page, to(page, "filter=path+crowd&sort=local"));
  const says = async (selector, part) => (await text(page, selector)).includes(part);
  console.log("stop");
  await hastened(page, "it says that nobody answers", async () => (await says(".said", "does not answer")) && says("#state", "does not answer"));
  assert.equal(await page.locator("tbody tr").count(), 500, "what it said last is shown");
  console.log("start");
  await hastened(page, "it goes on by itself", async () => (await says(".said", `of ${asked.all} connections`)) && (await page.locator("#state.good").count()) === 1);
  assert.equal(await page.locator(".trouble").count(), 0);
  assert.equal((await text(page, "tbody tr")).split("\t")[5], first.split("\t")[5]);
}

/** What a person sees where the daemon does not answer as it did. */
async function refused(page) {
  const lists = "**/api/v1/connections?*";
  const asks = () => requests.filter((url) => url.includes("/api/v1/connections?")).length;
  // Cut once, for others that ask at the same moment: nobody is told.
  await page.evaluate(() => {
    const said = document.querySelector(".said");
    window.troubles = 0;
    new MutationObserver(() => { window.troubles += said.classList.contains("trouble"); }).observe(said, { attributes: true });
  });
  await page.route(lists, (route) => route.abort(), { times: 1 });
  const before = asks();
  await hastened(page, "it asks again", async () => asks() > before + 2);
  assert.equal(await page.evaluate(() => window.troubles), 0);
  await page.route(lists, (route) => route.fulfill({ status: 429, body: "too many requests\n" }));
  await hastened(page, "it says that it asks too often", async () => (await text(page, ".said.trouble")).includes("rate_limit"));
  await page.unroute(lists);
  await hastened(page, "it goes on", async () => (await text(page, ".said")).includes(`of ${asked.all} connections`));
  await page.route("**/api/v1/**", (route) => route.fulfill({ status: 401, body: "unauthorized\n" }));
  await hastened(page, "it says what to do", async () => (await text(page, ".said.trouble")).includes("load the page again"));
  const last = asks();
  await page.clock.runFor(180000);
  assert.equal(asks(), last, "who is not known any more asks no more");
  await page.unroute("**/api/v1/**");
}

module.exports = { crowd, refused, restart };
