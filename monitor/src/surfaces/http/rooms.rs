//! The rooms that connections are in: one while the request's head is read, then one by what is asked for. Each has a
//! bound on how many it holds, on how many of these are one peer's, and on how long they stay. Nobody waits outside:
//! whoever comes enters at once, and where there is no room, who has been in it longest is cut. So slow clients, however
//! many, take places from each other, and not from those that are done in a moment.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// A room, by what its connections are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Room {
    /// Their request is on its way.
    Head,
    /// They ask whether the daemon lives and does its work: apart, so that nothing else can make it look dead.
    Health,
    /// They ask for anything else.
    Pages,
    /// They ask for what lasts: a stream, or a long list.
    Streams,
}

/// The bounds of a room.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Connections at once.
    places: usize,
    /// Of these, one peer's.
    share: usize,
    /// How long one may stay.
    time: Duration,
}

impl Room {
    const ALL: [Self; 4] = [Self::Head, Self::Health, Self::Pages, Self::Streams];

    /// A place costs some 18 KB (hyper's buffers), and the answer on top of that where it is not read. Who floods the
    /// head's room from a scraper's own address must bring so many connections between that one's connection and its
    /// request, which is a round trip. Of answers, a share is what a browser (six connections a page) and some scrapers
    /// behind one address ask at the same moment.
    fn bounds(self) -> Bounds {
        let seconds = Duration::from_secs;
        match self {
            Self::Head => Bounds {
                places: 256,
                share: 128,
                time: seconds(10),
            },
            Self::Health => Bounds {
                places: 32,
                share: 8,
                time: seconds(10),
            },
            Self::Pages => Bounds {
                places: 32,
                share: 16,
                time: seconds(30),
            },
            // Who takes nothing for long is cut before; this bounds who has gone without a word.
            Self::Streams => Bounds {
                places: 16,
                share: 8,
                time: seconds(24 * 3_600),
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Health => "health",
            Self::Pages => "pages",
            Self::Streams => "streams",
        }
    }
}

/// Why a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It stayed too long.
    Slow,
    /// Its peer has more than a share, and it was the slowest of these.
    Share,
    /// The room was full, and it was the slowest of the peer that has most.
    Full,
}

impl Why {
    const ALL: [Self; 3] = [Self::Slow, Self::Share, Self::Full];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Share => "share",
            Self::Full => "full",
        }
    }
}

/// Whose connections count together: an address; all of this host over loopback; of IPv6 all of a subnet, any address of
/// which its hosts may take (RFC 4862), but on the link itself, where all share one.
fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if !address.is_unicast_link_local() => {
            Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into()
        }
        other => other,
    }
}

/// All rooms.
#[derive(Clone, Debug, Default)]
pub(super) struct Rooms(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    inside: Mutex<Inside>,
    /// By room and by reason.
    cut: [[AtomicU64; Why::ALL.len()]; Room::ALL.len()],
}

#[derive(Debug, Default)]
struct Inside {
    /// By the order in which they came to where they are.
    connections: BTreeMap<u64, Connection>,
    next: u64,
}

#[derive(Debug)]
struct Connection {
    room: Room,
    peer: IpAddr,
    until: Instant,
    cut: Arc<Cut>,
}

#[derive(Debug, Default)]
struct Cut {
    why: Mutex<Option<Why>>,
    told: Notify,
}

impl Shared {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, room: Room, why: Why) {
        self.cut[room as usize][why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// A connection of `peer` comes into `room`: makes room for it. Answers its number.
    fn admit(&self, room: Room, peer: IpAddr, cut: Arc<Cut>) -> u64 {
        let mut inside = self.inside();
        let bounds = room.bounds();
        if let Some((number, why)) = inside.gives_way(room, peer, bounds)
            && let Some(other) = inside.connections.remove(&number)
        {
            self.count(room, why);
            *other.cut.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
            other.cut.told.notify_one();
        }
        let number = inside.next;
        inside.next += 1;
        let until = Instant::now() + bounds.time;
        let connection = Connection {
            room,
            peer,
            until,
            cut,
        };
        inside.connections.insert(number, connection);
        number
    }
}

impl Inside {
    /// Who has to go before another one of `peer` may come in; nobody where there is room.
    fn gives_way(&self, room: Room, peer: IpAddr, bounds: Bounds) -> Option<(u64, Why)> {
        let mut count = 0;
        // Of each peer how many, and the first.
        let mut peers: BTreeMap<IpAddr, (usize, u64)> = BTreeMap::new();
        let here = self.connections.iter();
        for (&number, connection) in here.filter(|(_, connection)| connection.room == room) {
            count += 1;
            peers.entry(connection.peer).or_insert((0, number)).0 += 1;
        }
        if let Some((held, first)) = peers.get(&peer)
            && *held >= bounds.share
        {
            return Some((*first, Why::Share));
        }
        if count < bounds.places {
            return None;
        }
        // Of those that have as many, who came first.
        let most = peers
            .values()
            .max_by_key(|(held, first)| (*held, std::cmp::Reverse(*first)));
        most.map(|(_, first)| (*first, Why::Full))
    }
}

impl Rooms {
    /// A connection has come from `address`, and its request is on its way.
    pub(super) fn enter(&self, address: IpAddr) -> Place {
        let peer = peer_of(address);
        let cut = Arc::<Cut>::default();
        let number = self.0.admit(Room::Head, peer, Arc::clone(&cut));
        Place {
            rooms: Arc::clone(&self.0),
            peer,
            cut,
            number: AtomicU64::new(number),
        }
    }

    /// How many connections were cut, by room and reason.
    pub(super) fn cut(&self) -> impl Iterator<Item = ([&'static str; 2], u64)> {
        let rooms = Room::ALL.into_iter();
        rooms.flat_map(move |room| {
            Why::ALL.into_iter().map(move |why| {
                let count = self.0.cut[room as usize][why as usize].load(Ordering::Relaxed);
                ([why.name(), room.name()], count)
            })
        })
    }
}

/// The place of a connection; free when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    rooms: Arc<Shared>,
    peer: IpAddr,
    cut: Arc<Cut>,
    number: AtomicU64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Place {
    /// Goes on to another room. One that is cut already goes nowhere.
    pub(super) fn go_on(&self, room: Room) {
        if self.leave() {
            let number = self.rooms.admit(room, self.peer, Arc::clone(&self.cut));
            self.number.store(number, Ordering::Relaxed);
        }
    }

    /// Whether it was still there.
    fn leave(&self) -> bool {
        let number = self.number.load(Ordering::Relaxed);
        self.rooms.inside().connections.remove(&number).is_some()
    }

    /// When its time is over; none once it is cut.
    fn until(&self) -> Option<(Room, Instant)> {
        let number = self.number.load(Ordering::Relaxed);
        let inside = self.rooms.inside();
        let connection = inside.connections.get(&number)?;
        Some((connection.room, connection.until))
    }

    /// It took nothing of its answer for too long, and is gone.
    pub(super) fn takes_nothing(&self) {
        if let Some((room, _)) = self.until()
            && self.leave()
        {
            self.rooms.count(room, Why::Slow);
        }
    }

    /// Over when the connection is to be cut, and why.
    pub(super) async fn cut(&self) -> Why {
        while let Some((room, until)) = self.until() {
            tokio::select! {
                () = self.cut.told.notified() => break,
                () = sleep_until(until) => {}
            }
            // It may have gone on meanwhile, and has the time of that room then.
            if self.until() == Some((room, until)) && self.leave() {
                self.rooms.count(room, Why::Slow);
                return Why::Slow;
            }
        }
        let why = *self.cut.why.lock().unwrap_or_else(PoisonError::into_inner);
        why.unwrap_or(Why::Slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    fn cut(rooms: &Rooms, why: Why, room: Room) -> u64 {
        let labels = [why.name(), room.name()];
        rooms
            .cut()
            .find_map(|(found, count)| (found == labels).then_some(count))
            .unwrap()
    }

    fn is_cut(place: &Place) -> bool {
        place.until().is_none()
    }

    #[tokio::test]
    async fn a_peer_beyond_its_share_loses_its_own_slowest() {
        let rooms = Rooms::default();
        let other = rooms.enter(address(1));
        let share = Room::Head.bounds().share;
        let places: Vec<Place> = (0..share + 2).map(|_| rooms.enter(address(2))).collect();
        let gone: Vec<bool> = places.iter().map(is_cut).collect();
        assert_eq!(gone[..2], [true, true]);
        assert!(gone[2..].iter().all(|gone| !gone));
        assert!(!is_cut(&other));
        assert_eq!(cut(&rooms, Why::Share, Room::Head), 2);
        assert_eq!(places[0].cut().await, Why::Share);
    }

    #[tokio::test]
    async fn in_a_full_room_the_slowest_of_who_has_most_goes() {
        let rooms = Rooms::default();
        let first = rooms.enter(address(0));
        let Bounds { places, share, .. } = Room::Head.bounds();
        let mut held: Vec<Vec<Place>> = Vec::new();
        let mut left = places - 1;
        for peer in 1.. {
            let count = share.min(left);
            held.push((0..count).map(|_| rooms.enter(address(peer))).collect());
            left -= count;
            if left == 0 {
                break;
            }
        }
        let newcomer = rooms.enter(address(250));
        assert!(
            is_cut(&held[0][0]),
            "the slowest of the first that has most"
        );
        assert!(!is_cut(&first) && !is_cut(&newcomer));
        assert_eq!(cut(&rooms, Why::Full, Room::Head), 1);
        // Where each has one, who came first.
        drop(held);
        drop((first, newcomer));
        let all: Vec<Place> = (0..=places)
            .map(|peer| rooms.enter(Ipv4Addr::from_bits(peer as u32).into()))
            .collect();
        assert!(is_cut(&all[0]) && !is_cut(&all[1]));
    }

    #[tokio::test]
    async fn who_has_gone_on_takes_no_place_where_it_was() {
        let rooms = Rooms::default();
        let share = Room::Head.bounds().share;
        let healthy = rooms.enter(address(1));
        healthy.go_on(Room::Health);
        let _slow: Vec<Place> = (0..share * 2).map(|_| rooms.enter(address(1))).collect();
        assert!(!is_cut(&healthy));
        let pages: Vec<Place> = (0..Room::Pages.bounds().share + 1)
            .map(|_| {
                let place = rooms.enter(address(1));
                place.go_on(Room::Pages);
                place
            })
            .collect();
        assert!(is_cut(&pages[0]) && !is_cut(&healthy));
        assert_eq!(cut(&rooms, Why::Share, Room::Pages), 1);
        assert_eq!(cut(&rooms, Why::Share, Room::Health), 0);
        pages[0].go_on(Room::Health);
        assert!(is_cut(&pages[0]), "who is cut comes back nowhere");
    }

    #[tokio::test(start_paused = true)]
    async fn each_room_has_its_time_and_it_begins_at_the_door() {
        let rooms = Rooms::default();
        let begun = Instant::now();
        let place = rooms.enter(address(1));
        assert_eq!(place.cut().await, Why::Slow);
        assert_eq!(begun.elapsed().as_secs(), 10);
        let place = Arc::new(rooms.enter(address(1)));
        let waits = tokio::spawn({
            let place = Arc::clone(&place);
            async move { place.cut().await }
        });
        tokio::time::sleep(Duration::from_secs(9)).await;
        let begun = Instant::now();
        place.go_on(Room::Pages);
        assert_eq!(waits.await.unwrap(), Why::Slow);
        assert_eq!(begun.elapsed().as_secs(), 30);
        assert_eq!(cut(&rooms, Why::Slow, Room::Head), 1);
        assert_eq!(cut(&rooms, Why::Slow, Room::Pages), 1);
    }

    #[test]
    fn addresses_that_one_host_may_take_at_will_are_one_peer() {
        let peer = |text: &str| peer_of(text.parse().unwrap());
        assert_eq!(peer("127.0.0.1"), peer("127.9.9.9"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(peer("2001:db8::1"), peer("2001:db8::ffff:1"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_ne!(peer("fe80::1"), peer("fe80::2"));
    }
}
