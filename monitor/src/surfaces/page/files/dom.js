// Making the document: elements hold text only, so no name from outside becomes markup.

/**
 * Text as it may be shown: what cannot be seen, or would turn the text around, stands there by its number.
 * @param {unknown} text
 * @returns {string}
 */
export function printable(text) {
  return String(text).replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu,
    (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`,
  );
}

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 */

/**
 * @param {Element} element
 * @param {Record<string, unknown>} attributes a function is called on that event; null and false are left out
 * @param {(Child | Child[])[]} children
 */
function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name, /** @type {EventListener} */ (value));
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : printable(value));
    }
  }
  fill(element, ...children);
}

/**
 * An element of HTML.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  furnish(element, attributes, children);
  return element;
}

/**
 * An element of SVG.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Child | Child[])} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  furnish(element, attributes, children);
  return element;
}

/**
 * Replaces what is in an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  const nodes = children
    .flat()
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : printable(child)));
  element.replaceChildren(...nodes);
}

/**
 * The same again and again under a reader: the link that the keyboard is at has it again, and what was opened is open.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function refill(element, ...children) {
  const here = element.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const summaries = (/** @type {string} */ which) => [...element.querySelectorAll(`details${which} > summary`)];
  const opened = new Set(summaries("[open]").map((summary) => summary.textContent));
  fill(element, ...children);
  for (const summary of summaries("")) summary.parentElement.toggleAttribute("open", opened.has(summary.textContent));
  const same = here && [...element.querySelectorAll("a")].find((link) => link.getAttribute("href") === here);
  if (same) same.focus({ preventScroll: true });
}

/**
 * Sets the text of an element where it is another: nothing is drawn, and nothing is read out, for nothing.
 * @param {Element} element
 * @param {unknown} text
 */
export function setText(element, text) {
  const shown = printable(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/**
 * A button that copies a text.
 * @param {string} text
 * @param {string} what what is copied, for who hears the page
 * @returns {HTMLElement}
 */
export function copyButton(text, what) {
  const button = h("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      setText(button, "Copied");
    } catch {
      // Without TLS a browser may refuse: then the text is marked, for the keyboard.
      const source = button.previousElementSibling;
      if (source) getSelection()?.selectAllChildren(source);
      setText(button, "Press Ctrl-C");
    }
    setTimeout(() => setText(button, "Copy"), 2000);
  });
  return button;
}
