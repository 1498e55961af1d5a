//! What lives are made of.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// One thing that happens to a connection, or to those beside it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    Waits(u32),
    Sweeps(u32),
    MissedBySweep,
    RingIsFull(bool),
    ToldTwice,
    Sends,
    TimesOut(u32),
    Acks,
    Speaks,
    Heard,
    Resegments,
    Touched,
    Probes,
    Queues,
    Drains,
    Window(u32),
    Unread,
    Reads,
    BothStuck,
    IsAnswered,
    Asks,
    Loses,
    Forger(bool),
    Closes,
    PeerCloses,
    PeerResets,
    Resets,
    Dies(u32),
    ProbationOver,
    NeighbourFails,
    NeighbourMoves,
    NeighbourIsCut,
    NeighbourConnects,
    OthersAreLeft,
}

/// Some of them, in any order.
pub(super) fn turns() -> impl Strategy<Value = Vec<Turn>> {
    use Turn::*;
    let rare = select(vec![
        MissedBySweep,
        RingIsFull(true),
        RingIsFull(false),
        RingIsFull(false),
        ToldTwice,
        Heard,
        Resegments,
        Touched,
        Queues,
        Drains,
        Window(0),
        Window(65_535),
        Unread,
        Reads,
        BothStuck,
        Asks,
        Loses,
        Forger(true),
        Forger(false),
        Closes,
        PeerCloses,
        PeerResets,
        Resets,
        Dies(0),
        Dies(110),
        ProbationOver,
        NeighbourFails,
        NeighbourMoves,
        NeighbourIsCut,
        NeighbourConnects,
        OthersAreLeft,
    ]);
    let common = select(vec![
        Sends,
        Sends,
        TimesOut(1),
        TimesOut(3),
        Acks,
        Acks,
        Speaks,
        Probes,
        Sweeps(1),
        Sweeps(2),
        IsAnswered,
    ]);
    let turn = prop_oneof![
        3 => (10..2_000_u32).prop_map(Waits),
        4 => (3_000..9_000_u32).prop_map(Waits),
        8 => common,
        6 => rare,
        1 => Just(Sweeps(40)),
    ];
    vec(turn, 0..60)
}
