//! A small made-up meaning, and what is said of each kind of change.

use std::path::Path;

use expect_test::{Expect, expect};

use crate::diag::{Sink, Style};
use crate::diff::diff_with;
use crate::diff::tests::facts_of;
use crate::model::Meaning;
use crate::model::observed::Observed;
use crate::source::Sources;
use crate::terminal::WIDTH;

/// A meaning out of text.
pub(crate) fn meaning(text: &str) -> Meaning {
    let (mut sources, mut sink, mut meaning) = (Sources::default(), Sink::new(), Meaning::default());
    let source = sources.add(Path::new("test.machine"), text);
    crate::parse_meaning(&sources, source, &mut meaning, &mut sink);
    assert!(!sink.has_errors(), "{}", sink.render(&sources, Style::Plain));
    meaning
}

/// What is said below the title of 3.13 -> 3.14.
fn check(text: &str, words: &Expect) {
    let (old, new) = (facts_of("3.13.0", ""), facts_of("3.14.0", ""));
    let meaning = meaning(text);
    let said = diff_with(&old, &new, &Observed::default(), &meaning).words(Style::Plain);
    assert!(said.lines().all(|line| line.chars().count() <= WIDTH && line == line.trim_end()), "{said}");
    words.assert_eq(said.split_once("\n\n").map_or("", |(_, below)| below));
    assert!(diff_with(&old, &old, &Observed::default(), &meaning).is_empty());
}

#[test]
fn machines() {
    check(
        r#"machine old until 3.13 "What was." { states { lit "bright"; } start lit; }
           machine fresh since 3.14 "What is." {
               states { lit "bright"; }
               start lit;
               on out "Put out." needs "a light" { lit -> end; }
           }"#,
        &expect![[r#"
            old (machine): gone, What was.
              states were: lit

            fresh (machine): new, What is.
              states: lit
              events: out
        "#]],
    );
}

#[test]
fn states_and_events() {
    check(
        r#"machine light "A light." {
            flavours { lamp; torch; }
            states from Light since 3.14 {
                lit L_ON "lit";
                dark L_OFF until 3.13 "dark";
                reserved dark L_OFF since 3.14 "stored no more";
                dim L_DIM since 3.14 "half lit";
                gone L_GONE until 3.13 "broken";
            }
            start dark until 3.13;
            start lit since 3.14;
            on press "Pressed." needs "a light" {
                lit if bad_exception since 3.14 => TypeError "no";
                lit if value_given until 3.13 => ValueError "was";
                lit if value_given since 3.14 => ValueError "is";
                lit for lamp until 3.13 -> dark;
                lit for lamp since 3.14 -> dim;
                lit -> lit;
                else => none;
            }
            on warn "Warned." needs "a light" {
                lit until 3.13 => RuntimeWarning "hot";
                lit since 3.14 => RuntimeWarning "hot" -> dim;
                else => illegal;
            }
            on drop "Dropped." needs "a hand" since 3.14 { else => illegal; }
            on lift "Lifted." needs "a hand" until 3.13 { else => illegal; }
        }"#,
        &expect![[r#"
            light (machine)
              numbers  Light; before, no number was stored
              lit      now a start
              dark     now reserved; "stored no more", was "dark"
              gone     gone, the state was: broken
              dim      new state: half lit
              lift     gone, the event was: Lifted.
              drop     new event: Dropped.
              on press
                lit if value_given: ValueError says "is", said "was"
                lit for lamp: -> dim, was -> dark
                lit if bad_exception: new: TypeError "no"
              on warn
                lit: RuntimeWarning "hot" -> dim; before, the state stayed
        "#]],
    );
}

#[test]
fn fields_variables_positions() {
    check(
        r#"layout thing from Thing "A thing." {
            a as x strong until 3.13 "One.";
            a as y borrowed from b null "at night" since 3.14 "One.";
            b strong null "never mind" until 3.13 "Two.";
            b strong since 3.14 "Two, and more.";
            slots slots "The rest.";
            clear a, b, slots ascending until 3.13;
            clear a, b, slots descending since 3.14;
            traverse a, b until 3.13;
            traverse b, slots ascending since 3.14;
        }
        layout former from Former until 3.13 "What was." { a plain "One."; }
        layout fresh from Fresh since 3.14 "What is." { a strong "One."; clear a; }
        localsplus many "Slots." {
            kind one C_ONE "The first.";
            kind two C_TWO until 3.13 "The second.";
            kind three C_THREE since 3.14 "The third.";
            region all holds one "All.";
            argument_cells share;
        }
        position pointer until 3.13 "Where." {
            unit bytes;
            new = start - 1 "None yet.";
            running = instruction "It runs.";
        }
        position place since 3.14 "Where." {
            unit units;
            new = start "The first.";
            running = instruction "It runs.";
            calling = pointer + return_offset + 1 "Behind.";
        }"#,
        &expect![[r#"
            Thing (meaning)
              a  strong -> borrowed from b; used as y, was x; now null at night
              b  never null, was never mind; "Two, and more.", was "Two."
              clear order: slots descending, was ascending
              traverse order: now: b, slots ascending
                              was: a, b

            Former (meaning): gone, was: What was.

            Fresh (meaning): new, What is.
              a  strong. One.
              clear order: a

            many (localsplus)
              two    kind gone, was C_TWO: The second.
              three  new kind, C_THREE: The third.

            place (position)
              field    place, was pointer
              counts   code units, was bytes
              new      start, was start - 1: The first.
              calling  new: pointer + return_offset + 1: Behind.
        "#]],
    );
}

#[cfg(feature = "import")]
#[test]
fn json() {
    let text = r#"machine light "A light." {
        states { lit "bright"; dark "not bright"; }
        start lit;
        on press "Pressed." needs "a light" {
            lit, dark if value_given until 3.13 => ValueError "was";
            lit, dark if value_given since 3.14 => ValueError "is" -> dark;
            lit, dark -> lit;
        }
    }"#;
    let diff = diff_with(&facts_of("3.13.0", ""), &facts_of("3.14.0", ""), &Observed::default(), &meaning(text));
    expect![[r#"
        [
          {
            "change": "event_changed",
            "machine": "light",
            "event": "press",
            "states": [
              "lit"
            ],
            "flavours": [],
            "old": [
              {
                "conditions": [
                  "value_given"
                ],
                "outcome": "ValueError",
                "message": "was",
                "next": null
              },
              {
                "conditions": [],
                "outcome": "goes",
                "message": null,
                "next": "lit"
              }
            ],
            "new": [
              {
                "conditions": [
                  "value_given"
                ],
                "outcome": "ValueError",
                "message": "is",
                "next": "dark"
              },
              {
                "conditions": [],
                "outcome": "goes",
                "message": null,
                "next": "lit"
              }
            ]
          },
          {
            "change": "event_changed",
            "machine": "light",
            "event": "press",
            "states": [
              "dark"
            ],
            "flavours": [],
            "old": [
              {
                "conditions": [
                  "value_given"
                ],
                "outcome": "ValueError",
                "message": "was",
                "next": null
              },
              {
                "conditions": [],
                "outcome": "goes",
                "message": null,
                "next": "lit"
              }
            ],
            "new": [
              {
                "conditions": [
                  "value_given"
                ],
                "outcome": "ValueError",
                "message": "is",
                "next": null
              },
              {
                "conditions": [],
                "outcome": "goes",
                "message": null,
                "next": "lit"
              }
            ]
          }
        ]"#]]
    .assert_eq(&serde_json::to_string_pretty(&diff.changes).expect("plain data"));
}
