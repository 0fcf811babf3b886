//! A machine with conditions and errors of its own, and its table.

frame_macros::frame_spec! {
    machine safe "The life of a safe." {
        guards {
            code_fits "the code is right";
        }
        errors {
            Alarm "the alarm rings";
        }
        states {
            shut "locked";
            open "anybody can look in";
        }
        start shut;
        on unlock "Somebody enters a code." needs "a safe that is shut" {
            shut if code_fits -> open;
            shut => Alarm;
            else => illegal;
        }
        on shut "Somebody shuts it." needs "an open safe" {
            open -> shut;
            else => illegal;
        }
    }
}

use frame_runtime::machine::{Answer, Outcome};
use safe::{Error, Guard, RULES, event, state};

fn main() {
    let unlock = |fits: bool| RULES.step(state::SHUT, event::UNLOCK, 0, |guard| guard == Guard::CodeFits && fits);
    assert_eq!((unlock(true).outcome, unlock(true).next), (Outcome::Goes, Some(state::OPEN)));
    let refused = unlock(false);
    assert!(matches!(refused.outcome, Outcome::Refuses(Error::Alarm, message) if message.pattern() == "the alarm rings"));
    assert_eq!(refused.next, Some(state::SHUT));
    let again = RULES.step(state::SHUT, event::SHUT, 0, |_| false);
    assert_eq!(again.outcome, Outcome::Answers(Answer::Illegal));
    assert_eq!(RULES.table.starts, [state::SHUT]);
}
