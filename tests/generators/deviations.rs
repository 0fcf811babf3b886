//! What interpreters did otherwise than is done here, on purpose or because a later micro release does: `tests/deviations.md`
//! says why.

use serde_json::Value as Json;

use crate::compare::name;

/// Scripts of some releases that end differently here.
pub(crate) struct Deviation {
    pub(crate) releases: &'static [&'static str],
    /// Why.
    pub(crate) reason: &'static str,
    cases: &'static [Case],
}

/// One script.
struct Case {
    script: &'static str,
    /// Operations, from 0, and what is said of them here; all others are as in the interpreter.
    did: &'static [(usize, &'static str)],
}

pub(crate) const DEVIATIONS: &[Deviation] = &[Deviation {
    releases: &["3.13.0"],
    reason: "one that is closed before it began is `completed` and keeps what it holds; later ones are `cleared` at once",
    cases: &[
        Case {
            script: "wrapper closed before it began: rename",
            did: &[(3, r#"{"states":{"1":["cleared",""]},"dies":[1]}"#), (9, r#"{"states":{"1":null},"dies":["o0"]}"#)],
        },
        Case {
            script: "async_generator returns at once: clear a frame that is kept",
            did: &[
                (3, r#"{"states":{"0":["cleared",""]}}"#),
                (4, r#"{"dies":[1]}"#),
                (7, r#"{"states":{"0":null},"dies":["o0"]}"#),
            ],
        },
        Case {
            script: "series, generator created, 0",
            did: &[
                (19, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (20, r#"{"states":{"0":["created",""]},"dies":["o9"]}"#),
                (21, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (22, r#"{"states":{"0":["created",""]},"dies":["o10"]}"#),
                (25, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (26, r#"{"states":{"0":["created",""]},"dies":["o12"]}"#),
            ],
        },
        Case {
            script: "series, generator suspended, 0",
            did: &[
                (29, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (32, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
            ],
        },
        Case {
            script: "series, generator closed",
            did: &[
                (1, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (17, r#"{"states":{"0":null},"dies":["o0"]}"#),
            ],
        },
        Case {
            script: "series, types_coroutine created, 0",
            did: &[
                (19, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (20, r#"{"states":{"0":["created",""]},"dies":["o9"]}"#),
                (21, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (22, r#"{"states":{"0":["created",""]},"dies":["o10"]}"#),
                (25, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (26, r#"{"states":{"0":["created",""]},"dies":["o12"]}"#),
            ],
        },
        Case {
            script: "series, types_coroutine suspended, 0",
            did: &[
                (29, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (32, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
            ],
        },
        Case {
            script: "series, types_coroutine closed",
            did: &[
                (1, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (17, r#"{"states":{"0":null},"dies":["o0"]}"#),
            ],
        },
        Case {
            script: "series, coroutine created, 0",
            did: &[
                (19, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (20, r#"{"states":{"0":["created",""]},"dies":["o9"]}"#),
            ],
        },
        Case {
            script: "series, coroutine closed",
            did: &[
                (1, r#"{"states":{"0":["cleared",""]},"dies":[1]}"#),
                (17, r#"{"states":{"0":null},"dies":["o0"]}"#),
            ],
        },
        Case {
            script: "series, wrapper created, 0",
            did: &[
                (39, r#"{"states":{"1":["cleared",""]},"dies":[1]}"#),
                (41, r#"{"states":{"1":["created",""]},"dies":["o9"]}"#),
            ],
        },
        Case {
            script: "series, wrapper closed",
            did: &[
                (3, r#"{"states":{"1":["cleared",""]},"dies":[1]}"#),
                (16, r#"{"states":{"1":null},"dies":["o0"]}"#),
            ],
        },
        Case {
            script: "row, clear, generator closed",
            did: &[
                (2, r#"{"states":{"0":["cleared",""]}}"#),
                (3, r#"{"dies":[1]}"#),
                (6, r#"{"states":{"0":null},"dies":["o0"]}"#),
            ],
        },
        Case {
            script: "row, clear, types_coroutine closed",
            did: &[
                (2, r#"{"states":{"0":["cleared",""]}}"#),
                (3, r#"{"dies":[1]}"#),
                (6, r#"{"states":{"0":null},"dies":["o0"]}"#),
            ],
        },
        Case {
            script: "row, clear, coroutine closed",
            did: &[
                (2, r#"{"states":{"0":["cleared",""]}}"#),
                (3, r#"{"dies":[1]}"#),
                (6, r#"{"states":{"0":null},"dies":["o0"]}"#),
            ],
        },
    ],
}];

/// Scripts that an interpreter did not survive: compared up to there, and run to their end.
const ENDED: &str = "the interpreter ended, by a signal or because it said nothing for a minute";

/// A line as it is expected here: what an interpreter did, with what is listed in its place. Says how often that was, and
/// what is wrong with the list.
pub(crate) fn expected(release: &str, line: &Json) -> (Json, Option<&'static str>, Vec<String>) {
    let mut wrong = Vec::new();
    if line.get("crash").is_some() {
        return (line.clone(), Some(ENDED), wrong);
    }
    let listed = DEVIATIONS.iter().filter(|row| row.releases.contains(&release));
    let mut cases = listed.flat_map(|row| row.cases.iter().map(move |case| (row, case)));
    let Some((row, case)) = cases.find(|(_, case)| case.script == name(line)) else {
        return (line.clone(), None, wrong);
    };
    let mut line = line.clone();
    for (at, event) in case.did {
        let event: Json = serde_json::from_str(event).expect("JSON");
        match line["did"].get_mut(*at) {
            Some(did) if *did == event => {
                wrong.push(format!("{release}, `{}`: operation {at} is listed, but agrees", case.script));
            }
            Some(did) => *did = event,
            None => wrong.push(format!("{release}, `{}`: operation {at} is listed, and not there", case.script)),
        }
    }
    (line, Some(row.reason), wrong)
}

/// Scripts of a release that are listed, and not among these.
pub(crate) fn unseen(release: &str, lines: &[Json]) -> Vec<String> {
    let listed = DEVIATIONS.iter().filter(|row| row.releases.contains(&release)).flat_map(|row| row.cases);
    let unseen = listed.filter(|case| !lines.iter().any(|line| name(line) == case.script));
    unseen.map(|case| format!("{release}, `{}` is listed, and no such script", case.script)).collect()
}
