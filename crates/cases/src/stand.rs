//! Where a matter stands, as everybody may know it: in words that need no explanation, on the pages of what is near and where
//! somebody is about to report the same.

use crate::model::State;

/// Where a matter stands, in words that need no explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stand {
    /// It came in and is looked at.
    Received,
    /// Whose duty it is is being settled.
    Assigned,
    /// Somebody works on it.
    UnderWay,
    /// The work waits for something.
    Paused,
    /// It is done and somebody goes and looks.
    Checked,
    /// It is over and done.
    Settled,
    /// It was not taken up.
    NotTaken,
    /// It goes on as a part of another report.
    Joined,
    /// Another body goes on with it.
    Passed,
}

impl Stand {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Assigned,
        Self::UnderWay,
        Self::Paused,
        Self::Checked,
        Self::Settled,
        Self::NotTaken,
        Self::Joined,
        Self::Passed,
    ];
    /// That of a state; none for what everybody may not see.
    pub fn of(state: State) -> Option<Self> {
        Some(match state {
            State::PendingVerify
            | State::PendingAccept
            | State::PendingRegister
            | State::SelfHandledAudit => Self::Received,
            State::PendingDispatch | State::Coordinating | State::PendingSign => Self::Assigned,
            // That somebody waits for the requester is between the two.
            State::Handling | State::Waiting => Self::UnderWay,
            State::Suspended => Self::Paused,
            State::PendingCheck | State::PendingClose => Self::Checked,
            State::Closed | State::SelfHandled | State::AnsweredDirectly => Self::Settled,
            State::NotAccepted | State::NotRegistered => Self::NotTaken,
            State::Merged => Self::Joined,
            State::Transferred => Self::Passed,
            State::Voided => return None,
        })
    }
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Assigned => "assigned",
            Self::UnderWay => "under_way",
            Self::Paused => "paused",
            Self::Checked => "checked",
            Self::Settled => "settled",
            Self::NotTaken => "not_taken",
            Self::Joined => "joined",
            Self::Passed => "passed",
        }
    }
    // words: cases-stand-*
    /// The key of its word.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Received => "cases-stand-received",
            Self::Assigned => "cases-stand-assigned",
            Self::UnderWay => "cases-stand-under-way",
            Self::Paused => "cases-stand-paused",
            Self::Checked => "cases-stand-checked",
            Self::Settled => "cases-stand-settled",
            Self::NotTaken => "cases-stand-not-taken",
            Self::Joined => "cases-stand-joined",
            Self::Passed => "cases-stand-passed",
        }
    }
    /// How it is marked beside its word.
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Received | Self::Joined | Self::Passed | Self::NotTaken => "info",
            Self::Assigned | Self::UnderWay | Self::Checked => "open",
            Self::Paused => "warn",
            Self::Settled => "good",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_state_has_a_stand_and_only_void_ones_have_none() {
        for state in State::ALL {
            let stand = Stand::of(*state);
            assert_eq!(stand.is_none(), *state == State::Voided, "{state}");
            let over = [
                Stand::Settled,
                Stand::NotTaken,
                Stand::Joined,
                Stand::Passed,
            ];
            if let Some(stand) = stand {
                assert_eq!(over.contains(&stand), state.is_final(), "{state}");
            }
        }
    }
}
