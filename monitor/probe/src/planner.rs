//! Which silence is tried next. Connections are silent side by side, so the first answer takes as long as the longest of
//! them, not as all together; then those in between are tried, until the bracket is narrow.

use crate::bracket::{Bracket, is_at_once, ladder};
use crate::order::{Kind, Options, Order, Told};
use crate::reading::{Reading, Seen, read};
use monitor_model::probe::{KeepaliveFound, ProbeResult};
use std::collections::VecDeque;
use std::time::Duration;

/// The most connections that one probe makes silent, whatever it sees.
const MOST: u32 = 400;

/// So often in a row a connection is tried again that was refused although none was silent: the last one may still be closing
/// there.
const MOST_ALONE: u32 = 3;

/// So often a silence that says nothing is tried again, all of them together.
const MOST_SPOILED: usize = 8;

/// So many connections with keepalive that expire say that it is in vain; one that does not says that it counts.
const IN_VAIN: usize = 2;

/// Probes that do not arrive come so often at least: conntrack keeps a flow for 5 minutes more after three that look the same
/// and are not answered (nf_conntrack_tcp_timeout_max_retrans), and other boxes may do likewise.
const UNANSWERED_EVERY: Duration = Duration::from_secs(100);

/// A silence with keepalive is longer than one that was not survived without it, by this factor.
const BEYOND: f64 = 1.1;

/// Says what to try, is told what was seen, and knows when it is over.
#[derive(Clone, Debug)]
pub struct Planner {
    options: Options,
    at_once: usize,
    waiting: VecDeque<Order>,
    silent: Vec<Order>,
    told: Vec<Told>,
    inside: Bracket,
    outside: Bracket,
    next: u32,
    alone: u32,
    dead: Option<String>,
}

impl Planner {
    /// One that has tried nothing yet.
    pub fn new(options: Options) -> Self {
        let mut planner = Self {
            options,
            at_once: options.at_once.max(1),
            waiting: VecDeque::new(),
            silent: Vec::new(),
            told: Vec::new(),
            inside: Bracket::default(),
            outside: Bracket::default(),
            next: 0,
            alone: 0,
            dead: None,
        };
        // The short ones first: where there is not room for all, they make the long ones needless.
        for gap in ladder(options.from, options.up_to) {
            planner.want(gap, Kind::Inside);
            if options.outside {
                planner.want(gap, Kind::Outside);
            }
        }
        planner
    }

    fn want(&mut self, gap: Duration, kind: Kind) {
        self.add(gap, kind, false);
    }

    fn add(&mut self, gap: Duration, kind: Kind, alone: bool) {
        let number = self.next;
        if number < MOST {
            self.next += 1;
            self.waiting.push_back(Order {
                number,
                gap,
                kind,
                alone,
            });
        }
    }

    /// What was asked for.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The connection to open now; `None` to wait for one that is silent, or where it is over.
    pub fn next_order(&mut self) -> Option<Order> {
        let is_full = self.silent.len() >= self.at_once || self.silent.iter().any(|one| one.alone);
        if self.is_over() || is_full {
            return None;
        }
        self.plan();
        let place = self
            .waiting
            .iter()
            .position(|order| self.is_wanted(order) && (!order.alone || self.silent.is_empty()))?;
        let order = self.waiting.remove(place)?;
        self.silent.push(order);
        Some(order)
    }

    /// A silent connection to end: another one needs its place, or is to be alone, and this one is longer than one that was not
    /// survived already; or there are more than the target takes.
    pub fn spare(&mut self) -> Option<Order> {
        let has_room = self.silent.len() < self.at_once;
        if self.is_over() || (has_room && !self.waiting.iter().any(|one| one.alone)) {
            return None;
        }
        self.plan();
        let unwanted = self.silent.iter().position(|order| !self.is_wanted(order));
        if self.silent.len() > self.at_once {
            let place = unwanted.unwrap_or(self.silent.len() - 1);
            let order = self.silent.remove(place);
            self.waiting.push_back(order);
            return Some(order);
        }
        self.waiting.iter().find(|order| self.is_wanted(order))?;
        unwanted.map(|place| self.silent.remove(place))
    }

    /// A connection could not be opened. Where others are silent, there are to be fewer than these from now on, which leaves a
    /// place for the new one beside one that is not answered; else nothing can be tried any more, once it is refused again and again.
    pub fn refused(&mut self, order: Order, why: String) {
        self.silent.retain(|one| one.number != order.number);
        if !self.silent.is_empty() {
            self.at_once = self.at_once.min((self.silent.len() - 1).max(1));
        } else if self.alone == MOST_ALONE {
            self.dead.get_or_insert(why);
            return;
        } else {
            self.alone += 1;
        }
        self.waiting.push_front(order);
    }

    /// What became of a connection.
    pub fn tell(&mut self, order: Order, seen: &Seen) {
        self.alone = 0;
        self.silent.retain(|one| one.number != order.number);
        let reading = read(seen, order.kind == Kind::Outside);
        let bracket = match order.kind {
            Kind::Inside => Some(&mut self.inside),
            Kind::Outside => Some(&mut self.outside),
            Kind::Kept { .. } | Kind::Near { .. } => None,
        };
        match (&reading, bracket) {
            (Reading::Survived, Some(bracket)) if order.alone => {
                bracket.survived_alone(seen.lasted);
                // Those that were not survived were too many.
                self.at_once = (self.at_once / 2).max(1);
            }
            (Reading::Survived, Some(bracket)) => bracket.survived(seen.lasted),
            (Reading::Expired(expiry), Some(bracket)) => {
                bracket.expired(seen.lasted, *expiry);
                let odd = !bracket.fits(seen.lasted, *expiry);
                if odd && is_at_once(*expiry) && !self.options.outside {
                    self.at_once = self.at_once.min(self.silent.len().max(1));
                }
            }
            (Reading::Dead(why), _) => {
                self.dead.get_or_insert_with(|| why.clone());
            }
            (Reading::Unusable(_), _) => self.want(order.gap, order.kind),
            (Reading::Survived | Reading::Expired(_), None) => {}
        }
        self.told.push(Told {
            order,
            lasted: seen.lasted,
            reading,
            both_ends: seen.peer.is_some(),
        });
    }

    /// Whether there is nothing more to try.
    pub fn is_over(&self) -> bool {
        let out_of_tries = self.silent.is_empty() && self.next >= MOST;
        self.dead.is_some()
            || self.spoiled() > MOST_SPOILED
            || out_of_tries
            || (self.are_sides_settled()
                && (self.keepalive().is_some() || self.probes_every().is_none())
                && self.routers().all(|hops| self.keeps(hops).is_some()))
    }

    fn are_sides_settled(&self) -> bool {
        self.is_settled(Kind::Inside) && (!self.options.outside || self.is_settled(Kind::Outside))
    }

    /// Why nothing gets through any more; `None` where something does.
    pub fn dead(&self) -> Option<&str> {
        self.dead.as_deref()
    }

    /// What all comes to.
    pub fn result(&self) -> ProbeResult {
        let brackets = [&self.inside, &self.outside];
        if self.dead.is_some() {
            ProbeResult::Dead
        } else if !self.is_over() || self.spoiled() > MOST_SPOILED {
            ProbeResult::Unknown
        } else if brackets.iter().any(|one| one.at_most().is_some()) {
            ProbeResult::Forgets
        } else if self.are_sides_settled() {
            ProbeResult::Survives
        } else {
            ProbeResult::Unknown
        }
    }

    /// What became of each, in the order in which it was told.
    pub fn told(&self) -> &[Told] {
        &self.told
    }

    /// What is known of silences that this host ends.
    pub fn inside(&self) -> &Bracket {
        &self.inside
    }

    /// What is known of those that the other side ends.
    pub fn outside(&self) -> &Bracket {
        &self.outside
    }

    /// Whether keepalive counts; `None` where that is not known.
    pub fn keepalive(&self) -> Option<KeepaliveFound> {
        let beyond = self.inside.at_most()?;
        let kept = self
            .told
            .iter()
            .filter(|told| matches!(told.order.kind, Kind::Kept { .. }) && told.order.gap > beyond);
        let mut in_vain = 0;
        for told in kept {
            match told.reading {
                Reading::Survived => return Some(KeepaliveFound::Counts),
                Reading::Expired(_) => in_vain += 1,
                Reading::Dead(_) | Reading::Unusable(_) => {}
            }
        }
        (in_vain >= IN_VAIN).then_some(KeepaliveFound::InVain)
    }

    /// The routers of which it is to be found out whether probes that end there keep a connection.
    fn routers(&self) -> impl Iterator<Item = u8> {
        let counts = self.keepalive() == Some(KeepaliveFound::Counts);
        1..=if counts { self.options.routers } else { 0 }
    }

    /// Whether probes that live for so many hops keep a connection; `None` where that is not known.
    pub fn keeps(&self, hops: u8) -> Option<bool> {
        let beyond = self.inside.at_most()?;
        self.told
            .iter()
            .find_map(|told| match (told.order.kind, &told.reading) {
                (Kind::Near { hops: one, .. }, reading)
                    if one == hops && told.order.gap > beyond =>
                {
                    match reading {
                        Reading::Survived => Some(true),
                        Reading::Expired(_) => Some(false),
                        Reading::Dead(_) | Reading::Unusable(_) => None,
                    }
                }
                _ => None,
            })
    }

    /// How long it may still take, where so much of each silence is over. What is not known yet may take all the time that
    /// there is; where few are silent side by side, one waits for the other.
    pub fn left(&self, over: impl Fn(u32) -> Duration) -> Duration {
        let rest = |order: &Order| order.gap.saturating_sub(over(order.number));
        let wanted = self.silent.iter().filter(|order| self.is_wanted(order));
        let now = wanted.map(rest).max().unwrap_or_default();
        let waiting = self.waiting.iter().filter(|order| self.is_wanted(order));
        let waiting: Vec<Duration> = waiting.map(|order| order.gap).collect();
        let longest = waiting.iter().max().copied().unwrap_or_default();
        let side_by_side = u32::try_from(self.at_once).unwrap_or(u32::MAX);
        let waiting = longest + waiting.iter().sum::<Duration>() / side_by_side;
        let near = match self.options.routers {
            0 => Duration::ZERO,
            _ => self.inside.at_most().unwrap_or(self.options.up_to),
        };
        let is_near = |order: &Order| matches!(order.kind, Kind::Near { .. });
        let begun = self.silent.iter().any(is_near);
        // It may refute all that was not survived.
        let alone = match self.is_to_be_alone(Kind::Inside) {
            true => self.options.up_to,
            false => Duration::ZERO,
        };
        now + waiting + self.then() + alone + if begun { Duration::ZERO } else { near }
    }

    /// How long it takes to narrow the brackets once what is under way is over.
    fn then(&self) -> Duration {
        let mut longest = Duration::ZERO;
        let mut count = 0;
        for side in [Kind::Inside, Kind::Outside] {
            let bracket = self.bracket(side);
            let tried = side == Kind::Inside || self.options.outside;
            if tried && !self.is_settled(side) && !bracket.is_narrow() {
                longest = longest.max(bracket.at_most().unwrap_or(self.options.up_to));
                count += bracket.between(MOST as usize).len();
            }
        }
        longest * u32::try_from(count.div_ceil(self.at_once).max(1)).unwrap_or(u32::MAX)
    }

    fn bracket(&self, kind: Kind) -> &Bracket {
        match kind {
            Kind::Outside => &self.outside,
            Kind::Inside | Kind::Kept { .. } | Kind::Near { .. } => &self.inside,
        }
    }

    fn spoiled(&self) -> usize {
        let unusable = |told: &&Told| matches!(told.reading, Reading::Unusable(_));
        self.told.iter().filter(unusable).count()
    }

    /// Whether a silence still says something: where a shorter one was not survived, a longer one need not be tried.
    fn is_wanted(&self, order: &Order) -> bool {
        let most = self.bracket(order.kind).at_most();
        match order.kind {
            Kind::Inside | Kind::Outside if order.alone => true,
            Kind::Kept { .. } | Kind::Near { .. } => most.is_some_and(|most| order.gap > most),
            Kind::Inside | Kind::Outside => most.is_none_or(|most| order.gap <= most),
        }
    }

    /// Whether enough is known of one side.
    fn is_settled(&self, side: Kind) -> bool {
        let bracket = self.bracket(side);
        match (bracket.at_least(), bracket.at_most()) {
            // Whatever two clocks differ by in that time.
            (Some(least), None) => least.mul_f64(1.001) >= self.options.up_to,
            (Some(_), Some(_)) => {
                bracket.is_narrow() && bracket.is_borne_out() && !self.is_to_be_alone(side)
            }
            // Even the shortest was not survived.
            (None, Some(_)) => {
                bracket.is_borne_out() && !self.is_under_way(side) && !self.is_to_be_alone(side)
            }
            (None, None) => false,
        }
    }

    /// Whether one is still to be silent with no other beside it: a server that has more connections than it takes closes those
    /// that rest, which looks like a timeout. `tcplull probe --listen` says that it has no room.
    fn is_to_be_alone(&self, side: Kind) -> bool {
        let bracket = self.bracket(side);
        let mut fitting = bracket.fitting();
        let at_once = fitting.any(|(_, expiry)| is_at_once(*expiry));
        let mut told = self.told.iter();
        let was_alone = told.any(|told| match told.reading {
            Reading::Expired(expiry) => told.order.alone && bracket.fits(told.lasted, expiry),
            _ => false,
        });
        !self.options.outside && at_once && !was_alone
    }

    /// Whether something is silent or waits that can still change what is known of one side.
    fn is_under_way(&self, side: Kind) -> bool {
        let orders = self.silent.iter().chain(&self.waiting);
        let mut of_side = orders.filter(|order| order.kind == side);
        of_side.any(|order| self.is_wanted(order))
    }

    /// Each so often keepalive probes are sent: twice in the longest silence that was survived, at least once a second; `None`
    /// where that is not to be tried, or cannot be.
    fn probes_every(&self) -> Option<Duration> {
        self.inside.at_most()?;
        let least = self.inside.at_least()?;
        let seconds = (least.as_secs_f64() / 2.0).floor().max(1.0);
        // The kernel counts whole seconds, and a probe that comes too late would prove nothing.
        let every = Duration::from_secs_f64(seconds);
        (self.options.keepalive && every.mul_f64(1.2) <= least).then_some(every)
    }

    /// Adds what is to be tried by what is known.
    fn plan(&mut self) {
        for side in [Kind::Inside, Kind::Outside] {
            let tried = side == Kind::Inside || self.options.outside;
            if tried && !self.is_settled(side) && !self.is_under_way(side) {
                self.plan_side(side);
            }
        }
        let kept = |order: &Order| matches!(order.kind, Kind::Kept { .. });
        let orders = self.silent.iter().chain(&self.waiting);
        let under_way = orders.filter(|order| kept(order) && self.is_wanted(order));
        if under_way.count() == 0
            && self.keepalive().is_none()
            && let Some(every) = self.probes_every()
            && let Some(most) = self.inside.at_most()
        {
            for _ in 0..IN_VAIN {
                self.want(most.mul_f64(BEYOND), Kind::Kept { every });
            }
        }
        self.plan_routers();
    }

    /// Adds a silence for each router, once all else is known that they rest on.
    fn plan_routers(&mut self) {
        let ends = self.probes_every().zip(self.inside.at_most());
        let Some((every, most)) = ends.filter(|_| self.is_settled(Kind::Inside)) else {
            return;
        };
        let every = every.min(UNANSWERED_EVERY);
        let is_under_way = |hops: u8| {
            let mut orders = self.silent.iter().chain(&self.waiting);
            orders.any(|order| {
                matches!(order.kind, Kind::Near { hops: one, .. } if one == hops)
                    && self.is_wanted(order)
            })
        };
        let routers = self.routers();
        let missing = routers.filter(|hops| self.keeps(*hops).is_none() && !is_under_way(*hops));
        for hops in missing.collect::<Vec<u8>>() {
            self.want(most.mul_f64(BEYOND), Kind::Near { every, hops });
        }
    }

    fn plan_side(&mut self, side: Kind) {
        let room = self.at_once.saturating_sub(1).max(1);
        let (between, again) = {
            let bracket = self.bracket(side);
            let again = match bracket.at_most() {
                Some(most) if !bracket.is_borne_out() => vec![most],
                Some(_) => Vec::new(),
                // What was tried said nothing, or is refuted.
                None => {
                    let from = bracket.at_least().unwrap_or(self.options.from);
                    let mut again = ladder(from, self.options.up_to);
                    again.retain(|gap| Some(*gap) > bracket.at_least());
                    again
                }
            };
            (bracket.between(room), again)
        };
        if between.is_empty() && again.is_empty() && self.is_to_be_alone(side) {
            // Where none was survived, the shortest has to be.
            let bracket = self.bracket(side);
            let ends = bracket.at_least().and(bracket.at_most());
            let gap = ends.map_or(self.options.from, |most| most.mul_f64(BEYOND));
            self.add(gap, side, true);
        }
        for gap in between.into_iter().chain(again) {
            self.want(gap, side);
        }
    }
}
