//! What interpreters do otherwise than is done here, on purpose or because a later micro release does: `tests/deviations.md`
//! says why.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// Something that some releases do otherwise, wherever they do it.
pub(crate) struct Deviation {
    pub(crate) name: &'static str,
    pub(crate) releases: &'static [&'static str],
    /// Whether it is what came of this operation of a script; and what came of it here.
    is: fn(&Json, usize, &Json) -> bool,
    /// Whether what is done afterwards is done to something else.
    ends: bool,
}

pub(crate) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "what `|=` raises is reported by the next call that returns something",
        releases: &["3.13.0", "3.13.18", "3.14.10", "3.15.2"],
        is: |line, at, here| {
            line["ops"][at][0] == "ior" && there(line, at)[0] == "SystemError" && here["raises"][0] != "SystemError"
        },
        ends: false,
    },
    Deviation {
        name: "nothing can be deleted",
        releases: &["3.13.0"],
        is: |line, at, _| {
            line["ops"][at][0] == "delitem" && there(line, at)[1] == "cannot remove variables from FrameLocalsProxy"
        },
        ends: true,
    },
    Deviation {
        name: "there is no `pop`",
        releases: &["3.13.0"],
        is: |line, at, _| line["ops"][at][2] == "pop" && there(line, at)[0] == "AttributeError",
        ends: true,
    },
    Deviation {
        name: "a suspended generator that is closed releases what it holds, whoever holds its frame object",
        releases: &["3.13.0"],
        is: |line, at, _| {
            let op = &line["ops"][at][0];
            line["situation"] == "generator_expression" && (op == "release" || op == "over")
        },
        ends: true,
    },
    Deviation {
        name: "a generator whose frame is cleared before it began keeps what it holds",
        releases: &["3.13.0"],
        is: |line, at, _| {
            let mut before = line["ops"].as_array().expect("operations")[..at].iter();
            let op = &line["ops"][at][0];
            line["owner"] != "thread" && op == "clear" && before.all(|op| op[0] != "resume")
        },
        ends: true,
    },
    Deviation {
        name: "what is written to a variable of a cleared frame is never released",
        releases: &["3.13.0", "3.13.18", "3.14.10", "3.15.2"],
        is: |line, at, here| {
            let (mut there, mut here) = (line["did"][at].clone(), here.clone());
            let dead = |did: &mut Json| {
                let died = did.as_object_mut().and_then(|did| did.remove("died"));
                died.and_then(|died| died.as_array().cloned()).unwrap_or_default()
            };
            let (released, all) = (dead(&mut there), dead(&mut here));
            let lost: Vec<Json> = all.iter().filter(|mark| !released.contains(mark)).cloned().collect();
            let kept = all.iter().filter(|mark| !lost.contains(mark));
            there == here
                && !lost.is_empty()
                && released.iter().eq(kept)
                && lost.iter().all(|mark| is_written_behind_clear(line, at, mark))
        },
        ends: false,
    },
    Deviation {
        name: "a variable whose kind says cell is not read where a comprehension has something else in its slot",
        releases: &["3.13.0"],
        is: |line, _, _| line["situation"] == "comprehension_captured_outside",
        ends: true,
    },
];

/// Whether a mark was written after a frame was cleared.
fn is_written_behind_clear(line: &Json, at: usize, mark: &Json) -> bool {
    let ops = line["ops"].as_array().expect("operations");
    let clears = |at: &usize| ops[*at][0] == "clear" && line["did"][*at].get("raises").is_none();
    let cleared = (0..at).find(clears).unwrap_or(at);
    ops[cleared..at].iter().any(|op| op.to_string().contains(&format!("[\"m\",{mark}]")))
}

/// What was raised there.
fn there(line: &Json, at: usize) -> &Json {
    &line["did"][at]["raises"]
}

/// Applies the list to the scripts of one release.
pub(crate) struct Known {
    release: String,
    /// Those that came up.
    seen: BTreeSet<&'static str>,
}

impl Known {
    pub(crate) fn new(release: &str) -> Self {
        Known { release: release.to_owned(), seen: BTreeSet::new() }
    }

    fn listed(&self) -> impl Iterator<Item = &'static Deviation> + use<> {
        let release = self.release.clone();
        DEVIATIONS.iter().filter(move |row| row.releases.contains(&&*release))
    }

    /// What is expected here of the operations of a script, and whether that is otherwise than in the interpreter.
    pub(crate) fn expected(&mut self, line: &Json, did: &[Json]) -> (Json, bool) {
        let (mut line, mut otherwise) = (line.clone(), false);
        for (at, here) in did.iter().enumerate() {
            let there = &line["did"][at];
            let known = self.listed().find(|row| there != here && (row.is)(&line, at, here));
            if let Some(row) = known {
                self.seen.insert(row.name);
                line["did"][at] = here.clone();
                otherwise = true;
                if row.ends {
                    line["did"] = did.into();
                    break;
                }
            }
        }
        (line, otherwise)
    }

    /// What is listed, and did not come up.
    pub(crate) fn unseen(&self) -> Vec<String> {
        let unseen = self.listed().filter(|row| !self.seen.contains(row.name));
        unseen.map(|row| format!("{}: \"{}\" is listed, and does not come up", self.release, row.name)).collect()
    }
}
