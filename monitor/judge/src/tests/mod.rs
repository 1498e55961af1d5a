//! Scenarios: a socket lives through a story, the kernel side tells of it as it
//! would, and the test says what a user then reads.

mod answered;
mod at_risk;
mod awaiting_reply;
mod blackholed;
mod bounds;
mod closed;
mod crossed;
mod dead;
mod ended;
mod findings;
mod fine;
mod habits;
mod half_closed;
mod identity;
mod last_sender;
mod lives;
mod lossy;
mod lost_facts;
mod nobody_waits;
mod properties;
mod reconnects;
mod refused_here;
mod resent;
mod reset;
mod segments;
mod siblings;
mod silence_before;
mod socket;
mod stall_properties;
mod stalling;
mod stalls;
mod story;
mod undelivered;
mod uploads;
mod what_is_due;
