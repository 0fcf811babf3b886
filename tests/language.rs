//! The spec language both ways: what is printed is read again as the same, and nothing that is read can harm.

use std::path::{Path, PathBuf};

use frame_codegen::ast::{
    Codes, Column, Direction, EntryRow, Event, Extra, Fallback, Form, Group, Item, Kind, Layout, LayoutPart,
    Localsplus, LocalsplusPart, Machine, MachinePart, Member, Numbers, Numeral, Operand, Operator, Order, Outcome,
    Part, Place, Position, Region, Row, Sign, Start, State, States, Step, Table, Target, Term, Test, VersionItem,
    Versions, Word, print,
};
use frame_codegen::diag::{Sink, Style};
use frame_codegen::model::Meaning;
use frame_codegen::model::version::Minor;
use frame_codegen::source::{At, Sources, slashed};
use frame_tests::{Random, committed_spec, files, root};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Words that are no names.
const KEYWORDS: &[&str] = &[
    "machine",
    "layout",
    "localsplus",
    "position",
    "table",
    "version",
    "mirrored",
    "extends",
    "flavours",
    "guards",
    "errors",
    "states",
    "reserved",
    "group",
    "start",
    "on",
    "needs",
    "end",
    "from",
    "since",
    "until",
    "for",
    "if",
    "not",
    "and",
    "else",
    "as",
    "null",
    "extra",
    "clear",
    "traverse",
    "ascending",
    "descending",
    "kind",
    "region",
    "holds",
    "without",
    "argument_cells",
    "unit",
    "entry",
];

fn at<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = At<T>> {
    value.prop_map(At::nowhere)
}

/// Any word, keywords among them.
fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z_][a-zA-Z0-9_]{0,6}",
        // Words that begin like keywords.
        1 => (proptest::sample::select(KEYWORDS), "[a-z0-9_]{0,2}").prop_map(|(word, rest)| word.to_owned() + &rest),
        1 => Just("bits".to_owned()),
    ]
}

fn name() -> impl Strategy<Value = At<String>> {
    at(any_word().prop_filter("a keyword", |word| !KEYWORDS.contains(&word.as_str())))
}

fn names() -> impl Strategy<Value = Vec<At<String>>> {
    vec(name(), 1..4)
}

fn field() -> impl Strategy<Value = At<String>> {
    at(vec(any_word(), 1..3).prop_map(|words| words.join(".")))
}

fn text() -> impl Strategy<Value = At<String>> {
    at(prop_oneof!["[a-z\"\\\\{}/*; ]{0,12}", "[^\n]{0,12}"])
}

fn doc() -> impl Strategy<Value = Option<At<String>>> {
    option::of(text())
}

fn minor() -> impl Strategy<Value = At<Minor>> {
    at((any::<u8>(), any::<u8>()).prop_map(|(major, minor)| Minor { major, minor }))
}

fn versions() -> impl Strategy<Value = Versions> {
    (option::of(minor()), option::of(minor())).prop_map(|(since, until)| Versions { since, until })
}

fn version() -> impl Strategy<Value = Item> {
    (name(), option::of(minor()), doc())
        .prop_map(|(name, extends, doc)| Item::Version(VersionItem { name, extends, doc }))
}

fn words(always: bool) -> impl Strategy<Value = Vec<Word>> {
    let text = if always { text().prop_map(Some).boxed() } else { doc().boxed() };
    vec((name(), text).prop_map(|(name, text)| Word { name, text }), 0..4)
}

fn states() -> impl Strategy<Value = States> {
    let row = (any::<bool>(), name(), option::of(name()), versions(), doc())
        .prop_map(|(reserved, name, c_name, versions, doc)| State { reserved, name, c_name, versions, doc });
    let numbers = (name(), any::<bool>()).prop_map(|(name, is_group)| Numbers { name, is_group });
    (option::of(numbers), versions(), vec(row, 0..4)).prop_map(|(numbers, versions, rows)| States {
        numbers,
        versions,
        rows,
    })
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![3 => name().prop_map(Target::State), 1 => Just(Target::End(At::nowhere(())))]
}

fn row() -> impl Strategy<Value = Row> {
    let test = (name(), any::<bool>()).prop_map(|(guard, holds)| Test { guard, holds });
    let refuses = (name(), doc(), option::of(target())).prop_map(|(what, message, next)| Outcome::Refuses {
        what,
        message,
        next,
    });
    let outcome = prop_oneof![target().prop_map(Outcome::Goes), refuses];
    (vec(name(), 0..3), vec(test, 0..3), vec(name(), 0..3), versions(), outcome).prop_map(
        |(from, tests, only, versions, outcome)| Row {
            from,
            tests,
            only,
            versions,
            outcome,
            inherited: false,
            span: At::nowhere(()),
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    (name(), doc(), doc(), versions(), vec(row(), 0..4)).prop_map(|(name, doc, needs, versions, rows)| Event {
        name,
        doc,
        needs,
        versions,
        rows,
    })
}

fn machine() -> impl Strategy<Value = Item> {
    let part = prop_oneof![
        words(false).prop_map(MachinePart::Flavours),
        words(true).prop_map(MachinePart::Guards),
        words(true).prop_map(MachinePart::Errors),
        states().prop_map(MachinePart::States),
        (name(), names()).prop_map(|(name, states)| MachinePart::Group(Group { name, states })),
        (names(), versions()).prop_map(|(states, versions)| MachinePart::Start(Start { states, versions })),
        event().prop_map(MachinePart::Event),
    ];
    (name(), versions(), doc(), vec(part, 0..5))
        .prop_map(|(name, versions, doc, parts)| Item::Machine(Machine { name, versions, doc, parts }))
}

fn member() -> impl Strategy<Value = Member> {
    // `extra`, `clear` and `traverse` begin other rows.
    let first = |field: &At<String>| field.value.split('.').next().unwrap_or_default().to_owned();
    let own = move |field: &At<String>| !["extra", "clear", "traverse"].contains(&first(field).as_str());
    let whose = (name(), option::of(field()), doc());
    (field().prop_filter("another row", own), option::of(at(any_word())), whose, vec(name(), 0..3), versions(), text())
        .prop_map(|(name, role, (ownership, keeper, null), only, versions, doc)| Member {
            name,
            role,
            ownership,
            keeper,
            null,
            only,
            versions,
            doc,
        })
}

fn layout() -> impl Strategy<Value = Item> {
    let direction = option::of(at(proptest::sample::select(vec![Direction::Ascending, Direction::Descending])));
    let what = proptest::sample::select(&["clear", "traverse"][..]).prop_map(|what| At::nowhere(what.to_owned()));
    let order = (what, vec((field(), direction), 1..4), vec(name(), 0..2), versions())
        .prop_map(|(what, fields, only, versions)| Order { what, fields, only, versions });
    let part = prop_oneof![
        4 => member().prop_map(|member| LayoutPart::Member(Box::new(member))),
        2 => order.prop_map(LayoutPart::Order),
        1 => (name(), name(), doc()).prop_map(|(name, ty, doc)| LayoutPart::Extra(Extra { name, ty, doc })),
    ];
    (name(), option::of(name()), versions(), doc(), vec(part, 0..5))
        .prop_map(|(name, of, versions, doc, parts)| Item::Layout(Layout { name, of, versions, doc, parts }))
}

fn localsplus() -> impl Strategy<Value = Item> {
    let kind = (name(), name(), versions(), text()).prop_map(|(name, c_name, versions, doc)| Kind {
        name,
        c_name,
        versions,
        doc,
    });
    let region = (name(), vec(name(), 0..3), vec(name(), 0..3), text())
        .prop_map(|(name, holds, without, doc)| Region { name, holds, without, doc });
    let part = prop_oneof![
        kind.prop_map(LocalsplusPart::Kind),
        region.prop_map(LocalsplusPart::Region),
        name().prop_map(LocalsplusPart::ArgumentCells),
    ];
    (name(), versions(), doc(), vec(part, 0..5))
        .prop_map(|(name, versions, doc, parts)| Item::Localsplus(Localsplus { name, versions, doc, parts }))
}

fn sign() -> impl Strategy<Value = Sign> {
    proptest::sample::select(vec![Sign::Plus, Sign::Minus])
}

fn position() -> impl Strategy<Value = Item> {
    let term = || at(prop_oneof![any::<u64>().prop_map(Term::Number), any_word().prop_map(Term::Name)]);
    let sum = (term(), vec((sign(), term()), 0..3)).prop_map(|(first, mut rest)| {
        rest.insert(0, (Sign::Plus, first));
        rest
    });
    let place =
        (name(), versions(), sum, doc()).prop_map(|(name, versions, sum, doc)| Place { name, versions, sum, doc });
    (name(), versions(), doc(), vec((name(), versions()), 0..3), vec(place, 0..4)).prop_map(
        |(name, versions, doc, units, places)| Item::Position(Position { name, versions, doc, units, places }),
    )
}

fn number() -> impl Strategy<Value = At<u64>> {
    at(any::<u64>())
}

fn codes() -> impl Strategy<Value = Codes> {
    // The least has no number without its sign.
    let code = || at(-i64::MAX..=i64::MAX);
    prop_oneof![
        4 => (code(), code()).prop_map(|(first, last)| Codes::Range(first, last)),
        1 => Just(Codes::Else(At::nowhere(()))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let operand = || {
        at(prop_oneof![
            any::<u64>().prop_map(Operand::Number),
            any_word().prop_map(Operand::Name),
            any::<(u64, u64)>().prop_map(|(start, end)| Operand::Bits(start, end)),
        ])
    };
    let operator = proptest::sample::select(&Operator::ALL[..]).prop_map(|(_, operator)| Some(operator));
    let value = (operand(), vec((operator, operand()), 0..3)).prop_map(|(first, mut rest)| {
        rest.insert(0, (None, first));
        rest
    });
    (at(any_word()), option::of((number(), at(any_word()))), any::<bool>(), value)
        .prop_map(|(name, low, adds, value)| Step { name, low, adds, value })
}

fn table() -> impl Strategy<Value = Item> {
    let numeral = (name(), number(), any::<bool>(), number(), any::<bool>())
        .prop_map(|(name, digit, low_first, at_most, signed)| Numeral { name, digit, low_first, at_most, signed });
    let fallback = prop_oneof![Just(Fallback::Kept), Just(Fallback::Absent), at(any_word()).prop_map(Fallback::Like)];
    let column =
        (at(any_word()), option::of(fallback), text()).prop_map(|(name, fallback, doc)| Column { name, fallback, doc });
    let signed = option::of(Just(At::nowhere(())));
    let part = (name(), number(), option::of((sign(), number())), signed, option::of(number()))
        .prop_map(|(name, bits, plus, signed, at_most)| Part { name, bits, plus, signed, at_most });
    let form = (codes(), name(), any::<bool>(), vec(at(any_word()), 0..3), vec(step(), 0..4))
        .prop_map(|(codes, name, absent, drops, steps)| EntryRow::Form(Form { codes, name, absent, drops, steps }));
    let row = prop_oneof![4 => form, 1 => codes().prop_map(EntryRow::Reserved)];
    let beside = (vec(numeral, 0..3), vec(column, 0..4), vec(part, 1..4));
    (name(), versions(), doc(), number(), beside, vec(row, 0..4)).prop_map(
        |(name, versions, doc, unit, (numbers, columns, head), rows)| {
            Item::Table(Table { name, versions, doc, unit, numbers, columns, head, rows })
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![version(), machine(), layout(), names().prop_map(Item::Mirrored), localsplus(), position(), table(),]
}

/// The items of a text that has no mistake.
fn items(text: &str) -> Vec<Item> {
    let (mut sources, mut sink) = (Sources::default(), Sink::new());
    let source = sources.add(Path::new("spec/machines/some.machine"), text);
    let items = frame_codegen::parse_items(&sources, source, &mut sink);
    assert_eq!(sink.render(&sources, Style::Plain), "", "{text}");
    items.expect("items of a text without findings")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn what_is_printed_is_read_as_the_same(written in vec(item(), 0..3)) {
        let text = print(&written);
        let read = items(&text);
        prop_assert_eq!(&read, &written, "{}", text);
        prop_assert_eq!(print(&read), text);
    }

    /// Whatever stands between two words, if anything does, changes nothing.
    #[test]
    fn blanks_and_comments_change_nothing(written in item(), blank in "[ \t\r\n]{1,3}|/\\*[a-z*\"{;]{0,3} \\*/|//[a-z\"}]{0,3}\n") {
        let text = print(std::slice::from_ref(&written));
        let mut spread = String::new();
        let mut quoted = false;
        let mut escaped = false;
        for letter in text.chars() {
            if letter == ' ' && !quoted {
                spread.push_str(&blank);
                continue;
            }
            quoted ^= letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            spread.push(letter);
        }
        prop_assert_eq!(items(&spread), vec![written], "{}", spread);
    }
}

/// The committed files of the spec language.
fn committed() -> Vec<PathBuf> {
    let spec = root().join("spec");
    let folders = [("machines", "machine"), ("layouts", "layout"), ("tables", "table")];
    let folders = folders.into_iter().filter(|(folder, _)| spec.join(folder).is_dir());
    folders.flat_map(|(folder, extension)| files(&spec.join(folder), extension)).collect()
}

#[test]
fn committed_files_print_as_they_are() {
    let paths = committed();
    assert!(paths.len() > 15, "{paths:?}");
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable spec");
        let written = items(&text);
        let printed = print(&written);
        let read = items(&printed);
        assert_eq!(read, written, "{}", path.display());
        assert_eq!(print(&read), printed, "{}", path.display());
    }
}

/// Every word of the language is in the grammar, and the other way round.
#[test]
fn keywords_are_those_of_the_grammar() {
    let grammar = std::fs::read_to_string(root().join("codegen/src/grammar.pest")).expect("a readable grammar");
    let rule = grammar.split("keyword = @{").nth(1).and_then(|rest| rest.split("~ !rest").next()).expect("a rule");
    let words: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
    assert_eq!(words, KEYWORDS);
}

/// Everything that is declared, beside all facts, damaged in a few places: every outcome is a list of findings.
#[test]
fn damaged_meaning_never_panics() {
    let root = root().join("spec");
    let mut files: Vec<(String, Vec<String>)> = Vec::new();
    for path in committed() {
        let text = std::fs::read_to_string(&path).expect("a readable spec");
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned);
        files.push((slashed(path.strip_prefix(&root).expect("below the spec")), lines.collect()));
    }
    let lines: Vec<String> = files.iter().flat_map(|(_, lines)| lines.clone()).collect();
    let (mut spec, mut sources) = committed_spec();
    let mut random = Random(0x0312_0314);
    let (mut refused, mut passed) = (0, 0);
    for round in 0..400 {
        let mut damaged = files.clone();
        // The first round is as it is committed.
        for _ in 0..if round == 0 { 0 } else { 1 + random.below(2) } {
            let file = random.below(damaged.len());
            let damaged = &mut damaged[file].1;
            let at = random.below(damaged.len());
            match random.below(6) {
                0 => drop(damaged.remove(at)),
                1 => damaged.insert(at, damaged[at].clone()),
                2 => damaged.swap(at, at.saturating_sub(1)),
                3 => damaged[at] = damaged[at].chars().take(random.below(100)).collect(),
                4 => damaged[at] = other_mark(&damaged[at], &mut random),
                _ => damaged[at] = other_word(&damaged[at], &lines, &mut random),
            }
        }
        let mut sink = Sink::new();
        spec.meaning = Meaning::default();
        for (path, lines) in &damaged {
            let source = sources.add(&Path::new("spec").join(path), lines.join("\n"));
            frame_codegen::parse_meaning(&sources, source, &mut spec.meaning, &mut sink);
        }
        frame_codegen::check::check_meaning(&spec, &mut sink);
        let findings = sink.render(&sources, Style::Plain);
        assert_eq!(sink.has_errors(), !findings.is_empty());
        // Two mistakes do not bury their reader.
        assert!(sink.counts().0 <= 30, "{findings}");
        if sink.has_errors() {
            refused += 1;
        } else {
            passed += 1;
        }
        assert!(round > 0 || passed == 1, "{findings}");
    }
    assert!(refused > 150 && passed > 50, "{refused} were refused, {passed} passed");
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.'
}

/// The line with one of its words replaced by one of any line.
fn other_word(line: &str, lines: &[String], random: &mut Random) -> String {
    let words = |line: &'_ str| -> Vec<String> {
        line.split(|letter| !is_word(letter)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let (mine, theirs) = (words(line), words(&lines[random.below(lines.len())]));
    if mine.is_empty() || theirs.is_empty() {
        return String::new();
    }
    line.replacen(&mine[random.below(mine.len())], &theirs[random.below(theirs.len())], 1)
}

/// The line with one of its letters replaced by a mark.
fn other_mark(line: &str, random: &mut Random) -> String {
    const MARKS: [char; 14] = ['{', '}', ';', '"', '\\', ',', '-', '>', '=', '/', '*', '.', '0', '\u{e9}'];
    let mut letters: Vec<char> = line.chars().collect();
    if !letters.is_empty() {
        let at = random.below(letters.len());
        letters[at] = MARKS[random.below(MARKS.len())];
    }
    letters.into_iter().collect()
}
