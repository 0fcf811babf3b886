//! What is done otherwise than by interpreters, on purpose. `tests/deviations.md` says why.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// What is done instead.
enum Instead {
    /// What this release did: the runtime follows the newest one of each minor version that was seen.
    Like(&'static str),
    /// In a log, these rows in place of those that differ.
    Rows(&'static [&'static str]),
}

struct Deviation {
    releases: &'static [&'static str],
    section: &'static str,
    cases: &'static [&'static str],
    instead: Instead,
}

const DEVIATIONS: &[Deviation] = &[
    // The table has no line: 3.11.2 says -1.
    Deviation {
        releases: &["3.11.2"],
        section: "lines",
        cases: &["raises with table no_line", "raises with table empty"],
        instead: Instead::Like("3.11.7"),
    },
    // Native code that calls counts as well.
    Deviation {
        releases: &["3.11.2", "3.11.7"],
        section: "scenarios",
        cases: &["recursion_limit_too_low", "recursion_resumes_at_49_of_50"],
        instead: Instead::Like("3.12.1"),
    },
    Deviation {
        releases: &["3.11.2", "3.11.7"],
        section: "scenarios",
        cases: &["recursion_resumes_at_50_of_50"],
        instead: Instead::Rows(&[
            r#"["later",{"message":"maximum recursion depth exceeded","raises":"RecursionError"}]"#,
        ]),
    },
    Deviation {
        releases: &["3.11.2", "3.11.7"],
        section: "scenarios",
        cases: &["recursion_traceback_of_a_resume"],
        instead: Instead::Rows(&[
            r#"["try_call","f","E",{"message":"maximum recursion depth exceeded","raises":"RecursionError"}]"#,
        ]),
    },
    // A generator that there is no room to resume is lost.
    Deviation {
        releases: &["3.12.1", "3.13.0"],
        section: "scenarios",
        cases: &["recursion_resumes_at_50_of_50"],
        instead: Instead::Rows(&[
            r#"["state","G","suspended"]"#,
            r#"["get","F","f_back",null]"#,
            r#"["next","G",{"yielded":"w"}]"#,
            r#"["state","G","suspended"]"#,
        ]),
    },
    Deviation {
        releases: &["3.13.18", "3.14.10", "3.15.2"],
        section: "scenarios",
        cases: &["recursion_resumes_at_50_of_50"],
        instead: Instead::Rows(&[
            r#"["state","G","suspended"]"#,
            r#"["next","G",{"yielded":"w"}]"#,
            r#"["state","G","suspended"]"#,
        ]),
    },
    Deviation {
        releases: &["3.12.1", "3.13.0", "3.13.18", "3.14.10", "3.15.2"],
        section: "scenarios",
        cases: &["recursion_traceback_of_a_resume"],
        instead: Instead::Rows(&[r#"["state","G","suspended"]"#]),
    },
    // They crash.
    Deviation {
        releases: &["3.12.1"],
        section: "scenarios",
        cases: &["attributes_f_trace_opcodes_deleted"],
        instead: Instead::Rows(&[
            r#"["unset","F","f_trace_opcodes",{"message":"cannot delete attribute f_trace_opcodes","raises":"AttributeError"}]"#,
            r#"["get","F","f_trace_opcodes",false]"#,
            r#"["drop","F"]"#,
        ]),
    },
    Deviation {
        releases: &["3.13.0"],
        section: "scenarios",
        cases: &["attributes_f_trace_opcodes_deleted"],
        instead: Instead::Like("3.13.18"),
    },
    // 3.13.0 drops what a suspended generator holds when it is closed or dropped, also where somebody holds its frame
    // object, keeps the link to the frame below when one ends, and gives one that was closed before it began away later.
    Deviation {
        releases: &["3.13.0"],
        section: "scenarios",
        cases: &[
            "back_of_a_delegate",
            "back_of_a_generator",
            "back_of_a_generator_in_a_loop",
            "clear_a_created_async_generator",
            "clear_a_created_generator",
            "clear_a_generator_that_is_over",
            "clear_a_generator_that_raised",
            "clear_a_generator_that_was_closed",
            "clear_a_generator_that_was_closed_unbegun",
            "clear_a_suspended_async_generator",
            "clear_a_suspended_generator_with_stack",
            "order_generator_and_frame_object_die",
            "order_generator_is_closed",
            "order_generator_unbegun_is_closed",
            "order_generator_with_stack_and_frame_object_dies",
            "order_generator_with_stack_and_frame_object_is_closed",
            "order_generator_with_stack_is_closed",
            "outliving_closed",
            "outliving_closed_with_handler",
            "outliving_closed_with_stack",
            "outliving_died",
            "outliving_died_with_handler",
            "outliving_died_with_stack",
            "outliving_raised",
            "outliving_raised_in_a_loop",
            "outliving_returned",
            "outliving_returned_in_a_loop",
            "outliving_thrown",
            "outliving_thrown_unbegun",
            "recursion_resumes_at_48_of_50",
            "recursion_resumes_at_49_of_50",
            "traceback_through_a_generator_by_advance",
            "traceback_through_a_generator_by_each",
        ],
        instead: Instead::Like("3.13.18"),
    },
];

/// Compares what was found with what a release did; gives a line for each difference that is not listed as it is found.
/// `other` finds what another release did in the same case.
pub(crate) struct Comparison<'r> {
    release: &'r str,
    other: &'r dyn Fn(&str, &str, &str) -> Json,
    /// Listed cases that were seen.
    seen: BTreeSet<(usize, &'static str)>,
    pub(crate) lines: Vec<String>,
}

impl<'r> Comparison<'r> {
    pub(crate) fn new(release: &'r str, other: &'r dyn Fn(&str, &str, &str) -> Json) -> Self {
        Comparison { release, other, seen: BTreeSet::new(), lines: Vec::new() }
    }

    pub(crate) fn compare(&mut self, section: &str, case: &str, expected: &Json, found: &Json) {
        let listed = DEVIATIONS.iter().enumerate().find_map(|(index, row)| {
            let about = row.section == section && row.releases.contains(&self.release);
            let case = row.cases.iter().find(|known| about && **known == case)?;
            Some((index, *case, &row.instead))
        });
        let Some((index, known, instead)) = listed else {
            return self.differ(section, case, expected, found);
        };
        self.seen.insert((index, known));
        if expected == found {
            self.lines.push(format!("{}, {section}, {case}: listed, but agrees", self.release));
        }
        match instead {
            Instead::Like(release) => {
                let other = (self.other)(release, section, case);
                self.differ(section, &format!("{case} (as {release})"), &other, found);
            }
            Instead::Rows(rows) => {
                let differing: Vec<_> = pairs(expected, found).filter(|(_, e, f)| e != f).map(|(_, _, f)| f).collect();
                let listed = rows.iter().map(|row| serde_json::from_str(row).expect("JSON"));
                let listed = Json::from_iter(listed.collect::<Vec<Json>>());
                self.differ(section, &format!("{case} (as listed)"), &listed, &differing.into());
            }
        }
    }

    /// Says where something differs first.
    fn differ(&mut self, section: &str, case: &str, expected: &Json, found: &Json) {
        if expected == found {
            return;
        }
        let (place, expected, found) = pairs(expected, found)
            .find(|(_, expected, found)| expected != found)
            .unwrap_or(("all".to_owned(), expected.clone(), found.clone()));
        let release = self.release;
        self.lines.push(format!("{release}, {section}, {case}, {place} differ: expected {expected}, got {found}"));
    }

    /// Listed cases of this release that were not seen.
    pub(crate) fn unseen(&mut self) {
        for (index, row) in DEVIATIONS.iter().enumerate().filter(|(_, row)| row.releases.contains(&self.release)) {
            for case in row.cases.iter().filter(|case| !self.seen.contains(&(index, **case))) {
                self.lines
                    .push(format!("{}, {}, {case}: listed, but there is no such case", self.release, row.section));
            }
        }
    }
}

/// Rows of two lists, or members of two objects, side by side; with what they are called.
fn pairs(expected: &Json, found: &Json) -> impl Iterator<Item = (String, Json, Json)> {
    let rows = match (expected, found) {
        (Json::Array(expected), Json::Array(found)) => {
            let row = |rows: &[Json], at: usize| rows.get(at).cloned().unwrap_or_default();
            let both = 0..expected.len().max(found.len());
            both.map(|at| (format!("row {}", at + 1), row(expected, at), row(found, at))).collect()
        }
        (Json::Object(expected), Json::Object(found)) => {
            let names: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
            let of = |of: &serde_json::Map<String, Json>, name: &str| of.get(name).cloned().unwrap_or_default();
            names.into_iter().map(|name| (name.clone(), of(expected, name), of(found, name))).collect()
        }
        _ => Vec::new(),
    };
    rows.into_iter()
}
