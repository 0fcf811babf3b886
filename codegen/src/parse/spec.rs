//! The spec language, as it was written, every word with its place.
//!
//! The only module that knows the grammar.

mod table;

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};

use crate::ast::{
    Direction, Event, Extra, Group, Item, Kind, Layout, LayoutPart, Localsplus, LocalsplusPart, Machine, MachinePart,
    Member, Numbers, Order, Outcome, Place, Position, Region, Row, Sign, Start, State, States, Target, Term, Test,
    VersionItem, Versions, Word,
};
use crate::diag::{Diagnostic, Sink};
use crate::model::version::Minor;
use crate::source::{At, SourceId, Sources, Span};

/// The derive makes a public `Rule` without docs; a module keeps it in here.
mod grammar {
    #![allow(missing_docs, reason = "the derive documents nothing")]

    #[derive(pest_derive::Parser)]
    #[grammar = "grammar.pest"]
    pub(super) struct SpecParser;
}

use grammar::{Rule, SpecParser};

/// Longer texts are refused: a byte of a file has a place of 32 bits.
const LONGEST: usize = 1 << 24;

/// Reads a file; what is wrong with its shape is reported, and nothing is returned.
pub(crate) fn parse(sources: &Sources, source: SourceId, sink: &mut Sink) -> Option<Vec<Item>> {
    let text = sources.file(source).text.as_str();
    if text.len() > LONGEST {
        sink.report(Diagnostic::error("spec-syntax", "the file has more than 16 MiB"));
        return None;
    }
    match SpecParser::parse(Rule::file, text) {
        Ok(mut pairs) => {
            let walk = Walk { source };
            let file = pairs.next()?;
            let mut items = Vec::new();
            for pair in file.into_inner().filter(|pair| pair.as_rule() != Rule::EOI) {
                match walk.item(pair) {
                    Ok(item) => items.push(item),
                    Err(diagnostic) => sink.report(diagnostic),
                }
            }
            Some(items)
        }
        Err(error) => {
            let at = match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
            };
            let wanted: &[Rule] = match &error.variant {
                ErrorVariant::ParsingError { positives, .. } => positives,
                ErrorVariant::CustomError { .. } => &[],
            };
            sink.report(syntax(text, at, wanted, Walk { source }));
            None
        }
    }
}

/// What cannot stand at a byte, and what could.
fn syntax(text: &str, at: usize, wanted: &[Rule], walk: Walk) -> Diagnostic {
    const RULE: &str = "spec-syntax";
    const HELP: &str = "spec/README.md has the language with examples";
    let rest = text.get(at..).unwrap_or_default();
    let end = word_end(text, at);
    let found = text.get(at..end).unwrap_or_default();
    if rest.starts_with("/*") {
        return Diagnostic::error(RULE, "a comment does not end").at(walk.place(at, at + 2), "no `*/` follows");
    }
    if rest.starts_with('"') && wanted.contains(&Rule::text) {
        return match text_escape(text, at) {
            Some(escape) => Diagnostic::error(RULE, "a text has a `\\` too many")
                .at(walk.place(escape, word_end(text, escape + 1)), "only `\"` and `\\` may follow a `\\`")
                .help("a `\\` is written `\\\\`"),
            None => {
                let end = rest.find('\n').map_or(text.len(), |end| at + end);
                Diagnostic::error(RULE, "a text does not end")
                    .at(walk.place(at, end), "no `\"` before the end of the line")
                    .help("a text stands on one line")
            }
        };
    }
    if found.is_empty() {
        let mut diagnostic = Diagnostic::error(RULE, "the file ends too early");
        diagnostic = diagnostic.at(walk.place(at, end), expected(wanted));
        if let Some(open) = unclosed(text) {
            diagnostic = diagnostic.and(walk.place(open, open + 1), "not closed");
        }
        return diagnostic.help(HELP);
    }
    let shown: String = found.chars().take(40).collect();
    let diagnostic = Diagnostic::error(RULE, format!("`{shown}` cannot stand here"));
    let mut diagnostic = diagnostic.at(walk.place(at, end), expected(wanted));
    // What is missing at the end of a line is noticed on the next one.
    let before = text.get(..at).unwrap_or_default();
    let last = before.trim_end();
    let line = last.rsplit('\n').next().unwrap_or_default();
    if wanted.contains(&Rule::semi) && before[last.len()..].contains('\n') && !line.contains("//") {
        diagnostic = diagnostic.and(walk.place(last.len(), last.len()), "is a `;` missing here?");
    }
    let takes_part = wanted.contains(&Rule::close);
    if let Some(open) = unclosed(before).filter(|_| takes_part) {
        diagnostic = diagnostic.and(walk.place(open, open + 1), "in this block");
    }
    if found == "since" && !wanted.contains(&Rule::since) && before.contains("until") {
        return diagnostic.help("`since` stands before `until`");
    }
    let is_keyword = SpecParser::parse(Rule::keyword, found).is_ok_and(|pairs| pairs.as_str().len() == found.len());
    match (is_keyword, takes_part) {
        (true, true) => {
            diagnostic.help(format!("`{shown}` is a word of the language: no name, and no part of this block"))
        }
        (true, false) if wanted.iter().any(|rule| is_named(*rule)) => {
            diagnostic.help(format!("`{shown}` is a word of the language and cannot be a name"))
        }
        _ => diagnostic.help(HELP),
    }
}

fn is_named(rule: Rule) -> bool {
    matches!(rule, Rule::name | Rule::names | Rule::c_name | Rule::target | Rule::ownership | Rule::test)
}

/// The `\` in a text on one line that stands before neither `"` nor `\`.
fn text_escape(text: &str, start: usize) -> Option<usize> {
    let mut letters = text.get(start + 1..)?.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\n' => return None,
            '\\' if !matches!(letters.next(), Some((_, '"' | '\\'))) => return Some(start + 1 + at),
            _ => {}
        }
    }
    None
}

/// The innermost brace that is not closed.
fn unclosed(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let quoted = || SpecParser::parse(Rule::text, rest).ok().map(|text| text.as_str().len());
        let length = match rest.as_bytes() {
            [b'"', ..] => quoted(),
            [b'/', b'/', ..] => rest.find('\n'),
            [b'/', b'*', ..] => rest.find("*/").map(|end| end + 2),
            [b'{', ..] => {
                open.push(at);
                Some(1)
            }
            [b'}', ..] => {
                open.pop();
                Some(1)
            }
            _ => rest.chars().next().map(char::len_utf8),
        };
        at += length?;
    }
    open.pop()
}

/// Where the word or number ends that starts at a byte.
fn word_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    // `3.14.1` is one thing, and `0..9` is not.
    let digit = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    while digit(0) && rest[word..].starts_with('.') && digit(word + 1) {
        let tail = &rest[word + 1..];
        word += 1 + tail.find(|c| !is_word(c)).unwrap_or(tail.len());
    }
    at + if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) }
}

/// The words that could have stood somewhere, as a person would write them.
fn expected(rules: &[Rule]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for rule in rules {
        let word: &[&str] = match rule {
            Rule::semi => &["`;`"],
            Rule::open => &["`{`"],
            Rule::close => &["`}`"],
            Rule::equals => &["`=`"],
            Rule::arrow | Rule::goes => &["`->`"],
            Rule::answers | Rule::refuses => &["`=>`"],
            Rule::outcome => &["`->`", "`=>`"],
            Rule::name | Rule::any | Rule::target | Rule::names | Rule::c_name => &["a name"],
            Rule::word | Rule::flavour | Rule::part | Rule::step | Rule::place | Rule::ownership => &["a name"],
            Rule::field | Rule::member | Rule::ordered => &["a field's name"],
            Rule::text => &["a text in quotes"],
            Rule::minor => &["a version such as 3.14"],
            Rule::number => &["a number"],
            Rule::code => &["a code"],
            Rule::codes | Rule::form => &["a code", "`else`"],
            Rule::body => &["a name"],
            Rule::column => &["a column's name"],
            Rule::term => &["a number", "a name"],
            Rule::value | Rule::operand => &["a value"],
            Rule::slice | Rule::bits => &["`bits`"],
            Rule::bytes => &["`bytes`"],
            Rule::comma => &["`,`"],
            Rule::minus => &["`-`"],
            Rule::through => &["`..=`"],
            Rule::up_to => &["`..`"],
            Rule::shift | Rule::low => &["`<<`"],
            Rule::pipe => &["`|`"],
            Rule::w_number | Rule::numeral => &["`number`"],
            Rule::w_digits => &["`digits`"],
            Rule::first => &["`low first`", "`high first`"],
            Rule::w_low => &["`low first`"],
            Rule::w_high => &["`high first`"],
            Rule::w_first => &["`first`"],
            Rule::w_at | Rule::at_most => &["`at most`"],
            Rule::w_most => &["`most`"],
            Rule::w_signed => &["`signed`"],
            Rule::w_row | Rule::columns => &["`row`"],
            Rule::fallback => &["`kept`", "`like`", "`absent`"],
            Rule::w_kept => &["`kept`"],
            Rule::w_absent => &["`absent`"],
            Rule::w_like | Rule::like => &["`like`"],
            Rule::w_drops | Rule::drops => &["`drops`"],
            Rule::plus => &["`+`", "`-`"],
            Rule::sign => &["`+`", "`-`"],
            Rule::operator => &["`<<`", "`|`", "`+`", "`-`"],
            Rule::assign => &["`=`", "`+=`"],
            Rule::w_reserved | Rule::reserved | Rule::gap => &["`reserved`"],
            Rule::w_and => &["`and`"],
            Rule::w_not | Rule::negated => &["`not`"],
            Rule::w_holds | Rule::holds => &["`holds`"],
            Rule::w_without | Rule::without => &["`without`"],
            Rule::direction | Rule::w_ascending | Rule::w_descending => &["`ascending`", "`descending`"],
            Rule::test => &["a guard"],
            Rule::w_since | Rule::since => &["`since`"],
            Rule::w_until | Rule::until => &["`until`"],
            Rule::w_machine | Rule::machine => &["`machine`"],
            Rule::w_layout | Rule::layout => &["`layout`"],
            Rule::w_localsplus | Rule::localsplus => &["`localsplus`"],
            Rule::w_position | Rule::position => &["`position`"],
            Rule::w_table | Rule::table => &["`table`"],
            Rule::w_mirrored | Rule::mirrored => &["`mirrored`"],
            Rule::w_version | Rule::version => &["`version`"],
            Rule::w_extends | Rule::extends => &["`extends`"],
            Rule::w_flavours | Rule::flavours => &["`flavours`"],
            Rule::w_guards | Rule::guards => &["`guards`"],
            Rule::w_errors | Rule::errors => &["`errors`"],
            Rule::w_states | Rule::states => &["`states`"],
            Rule::w_from | Rule::from_enum | Rule::from_field => &["`from`"],
            Rule::w_group | Rule::group => &["`group`"],
            Rule::w_start | Rule::start => &["`start`"],
            Rule::w_on | Rule::event => &["`on`"],
            Rule::w_needs | Rule::needs => &["`needs`"],
            Rule::w_else => &["`else`"],
            Rule::w_if | Rule::condition => &["`if`"],
            Rule::w_for | Rule::only => &["`for`"],
            Rule::w_as | Rule::role => &["`as`"],
            Rule::w_null | Rule::nullable => &["`null`"],
            Rule::w_end => &["`end`"],
            Rule::w_entry | Rule::entry => &["`entry`"],
            Rule::w_unit | Rule::unit | Rule::width => &["`unit`"],
            Rule::w_kind | Rule::kind => &["`kind`"],
            Rule::w_region | Rule::region => &["`region`"],
            Rule::w_argument_cells | Rule::argument_cells => &["`argument_cells`"],
            Rule::w_extra | Rule::extra => &["`extra`"],
            Rule::w_order | Rule::order => &["`clear`", "`traverse`"],
            Rule::row => &["a row"],
            Rule::state => &["a state"],
            Rule::EOI => &["the end"],
            _ => continue,
        };
        for word in word {
            if !words.contains(word) {
                words.push(word);
            }
        }
    }
    // What ends something comes last.
    words.sort_by_key(|word| ["`;`", "`}`", "the end"].contains(word));
    match words.split_last() {
        None => "not expected".to_owned(),
        Some((last, [])) => format!("expected {last}"),
        Some((last, others)) => format!("expected {} or {last}", others.join(", ")),
    }
}

type Parsed<T> = Result<T, Diagnostic>;

#[derive(Clone, Copy)]
struct Walk {
    source: SourceId,
}

impl Walk {
    fn place(self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end) }
    }

    fn at<T>(self, pair: &Pair<'_, Rule>, value: T) -> At<T> {
        let span = pair.as_span();
        // A rule that ends with something optional takes the blanks before it along.
        let end = span.start() + span.as_str().trim_end().len();
        At { value, span: Some(self.place(span.start(), end)) }
    }

    fn word(self, pair: &Pair<'_, Rule>) -> At<String> {
        self.at(pair, pair.as_str().to_owned())
    }

    fn text(self, pair: &Pair<'_, Rule>) -> At<String> {
        let quoted = pair.as_str();
        let inside = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(quoted);
        self.at(pair, inside.replace("\\\"", "\"").replace("\\\\", "\\"))
    }

    fn number(self, pair: &Pair<'_, Rule>) -> Parsed<At<u64>> {
        let text = pair.as_str();
        let value = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        value.map(|value| self.at(pair, value)).map_err(|_| {
            Diagnostic::error("spec-number", format!("`{text}` is too large"))
                .at(self.word(pair).span, "at most 18446744073709551615")
        })
    }

    fn minor(self, pair: &Pair<'_, Rule>) -> Parsed<At<Minor>> {
        pair.as_str().parse().map(|minor| self.at(pair, minor)).map_err(|_| {
            Diagnostic::error("spec-version", format!("`{}` is no minor version", pair.as_str()))
                .at(self.word(pair).span, "two numbers up to 255, without leading zeros, such as 3.14")
        })
    }

    fn versions(self, pair: Pair<'_, Rule>) -> Parsed<Versions> {
        let mut versions = Versions::default();
        for part in pair.into_inner() {
            let is_since = part.as_rule() == Rule::since;
            let minor = part.into_inner().find(|inner| inner.as_rule() == Rule::minor);
            let minor = minor.map(|minor| self.minor(&minor)).transpose()?;
            if is_since {
                versions.since = minor;
            } else {
                versions.until = minor;
            }
        }
        Ok(versions)
    }

    fn names(self, pair: Pair<'_, Rule>) -> Vec<At<String>> {
        pair.into_inner().map(|name| self.word(&name)).collect()
    }

    fn item(self, pair: Pair<'_, Rule>) -> Parsed<Item> {
        Ok(match pair.as_rule() {
            Rule::version => {
                let mut item = VersionItem { name: self.word(&pair), extends: None, doc: None };
                for part in inner(pair) {
                    match part.as_rule() {
                        Rule::name => item.name = self.word(&part),
                        Rule::extends => {
                            let minor = part.into_inner().find(|inner| inner.as_rule() == Rule::minor);
                            item.extends = minor.map(|minor| self.minor(&minor)).transpose()?;
                        }
                        _ => item.doc = Some(self.text(&part)),
                    }
                }
                Item::Version(item)
            }
            Rule::machine => Item::Machine(self.machine(pair)?),
            Rule::layout => Item::Layout(self.layout(pair)?),
            Rule::mirrored => Item::Mirrored(inner(pair).flat_map(|names| self.names(names)).collect()),
            Rule::localsplus => Item::Localsplus(self.localsplus(pair)?),
            Rule::position => Item::Position(self.position(pair)?),
            _ => Item::Table(self.table(pair)?),
        })
    }

    fn machine(self, pair: Pair<'_, Rule>) -> Parsed<Machine> {
        let mut machine =
            Machine { name: self.word(&pair), versions: Versions::default(), doc: None, parts: Vec::new() };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => machine.name = self.word(&part),
                Rule::range => machine.versions = self.versions(part)?,
                Rule::text => machine.doc = Some(self.text(&part)),
                Rule::flavours => machine.parts.push(MachinePart::Flavours(self.words(part))),
                Rule::guards => machine.parts.push(MachinePart::Guards(self.words(part))),
                Rule::errors => machine.parts.push(MachinePart::Errors(self.words(part))),
                Rule::states => machine.parts.push(MachinePart::States(self.states(part)?)),
                Rule::group => {
                    let mut parts = inner(part);
                    if let (Some(name), Some(states)) = (parts.next(), parts.next()) {
                        let group = Group { name: self.word(&name), states: self.names(states) };
                        machine.parts.push(MachinePart::Group(group));
                    }
                }
                Rule::start => {
                    let mut start = Start { states: Vec::new(), versions: Versions::default() };
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::names => start.states = self.names(part),
                            _ => start.versions = self.versions(part)?,
                        }
                    }
                    machine.parts.push(MachinePart::Start(start));
                }
                _ => machine.parts.push(MachinePart::Event(self.event(part)?)),
            }
        }
        Ok(machine)
    }

    fn words(self, pair: Pair<'_, Rule>) -> Vec<Word> {
        inner(pair)
            .map(|word| {
                let mut row = Word { name: self.word(&word), text: None };
                for part in inner(word) {
                    match part.as_rule() {
                        Rule::name => row.name = self.word(&part),
                        _ => row.text = Some(self.text(&part)),
                    }
                }
                row
            })
            .collect()
    }

    fn states(self, pair: Pair<'_, Rule>) -> Parsed<States> {
        let mut states = States { numbers: None, versions: Versions::default(), rows: Vec::new() };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::from_enum | Rule::from_group => {
                    let is_group = part.as_rule() == Rule::from_group;
                    states.numbers = inner(part).next().map(|name| Numbers { name: self.word(&name), is_group });
                }
                Rule::range => states.versions = self.versions(part)?,
                _ => {
                    let mut state = State {
                        reserved: false,
                        name: self.word(&part),
                        c_name: None,
                        versions: Versions::default(),
                        doc: None,
                    };
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::reserved => state.reserved = true,
                            Rule::name => state.name = self.word(&part),
                            Rule::c_name => state.c_name = Some(self.word(&part)),
                            Rule::range => state.versions = self.versions(part)?,
                            _ => state.doc = Some(self.text(&part)),
                        }
                    }
                    states.rows.push(state);
                }
            }
        }
        Ok(states)
    }

    fn event(self, pair: Pair<'_, Rule>) -> Parsed<Event> {
        let mut event =
            Event { name: self.word(&pair), doc: None, needs: None, versions: Versions::default(), rows: Vec::new() };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => event.name = self.word(&part),
                Rule::text => event.doc = Some(self.text(&part)),
                Rule::needs => event.needs = inner(part).next().map(|text| self.text(&text)),
                Rule::range => event.versions = self.versions(part)?,
                _ => event.rows.push(self.row(part)?),
            }
        }
        Ok(event)
    }

    fn row(self, pair: Pair<'_, Rule>) -> Parsed<Row> {
        let span = self.at(&pair, ());
        let end = Target::End(span.clone());
        let mut row = Row {
            from: Vec::new(),
            tests: Vec::new(),
            only: Vec::new(),
            versions: Versions::default(),
            outcome: Outcome::Goes(end),
            inherited: false,
            span,
        };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::from => {
                    row.from = part.into_inner().filter(is_names).flat_map(|names| self.names(names)).collect()
                }
                Rule::condition => {
                    for test in inner(part) {
                        let holds = test.clone().into_inner().all(|part| part.as_rule() != Rule::negated);
                        let guard = test.into_inner().find(|part| part.as_rule() == Rule::name);
                        row.tests.extend(guard.map(|guard| Test { guard: self.word(&guard), holds }));
                    }
                }
                Rule::only => row.only = inner(part).flat_map(|names| self.names(names)).collect(),
                Rule::range => row.versions = self.versions(part)?,
                _ => {
                    let Some(outcome) = part.into_inner().next() else { continue };
                    row.outcome = self.outcome(outcome);
                }
            }
        }
        Ok(row)
    }

    fn outcome(self, pair: Pair<'_, Rule>) -> Outcome {
        let refuses = pair.as_rule() == Rule::refuses;
        let (mut what, mut message, mut next) = (self.word(&pair), None, None);
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => what = self.word(&part),
                Rule::text => message = Some(self.text(&part)),
                Rule::target => {
                    let Some(inside) = part.into_inner().next() else { continue };
                    next = Some(match inside.as_rule() {
                        Rule::w_end => Target::End(self.at(&inside, ())),
                        _ => Target::State(self.word(&inside)),
                    });
                }
                _ => {}
            }
        }
        match next {
            Some(next) if !refuses => Outcome::Goes(next),
            next => Outcome::Refuses { what, message, next },
        }
    }

    fn layout(self, pair: Pair<'_, Rule>) -> Parsed<Layout> {
        let mut layout =
            Layout { name: self.word(&pair), of: None, versions: Versions::default(), doc: None, parts: Vec::new() };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => layout.name = self.word(&part),
                Rule::from_enum => layout.of = inner(part).next().map(|name| self.word(&name)),
                Rule::range => layout.versions = self.versions(part)?,
                Rule::text => layout.doc = Some(self.text(&part)),
                Rule::extra => {
                    let mut words = Vec::new();
                    let mut doc = None;
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::name => words.push(self.word(&part)),
                            _ => doc = Some(self.text(&part)),
                        }
                    }
                    let mut words = words.into_iter();
                    if let (Some(name), Some(ty)) = (words.next(), words.next()) {
                        layout.parts.push(LayoutPart::Extra(Extra { name, ty, doc }));
                    }
                }
                Rule::order => layout.parts.push(LayoutPart::Order(self.order(part)?)),
                _ => layout.parts.push(LayoutPart::Member(Box::new(self.member(part)?))),
            }
        }
        Ok(layout)
    }

    fn order(self, pair: Pair<'_, Rule>) -> Parsed<Order> {
        let (fields, only, versions) = (Vec::new(), Vec::new(), Versions::default());
        let mut order = Order { what: self.word(&pair), fields, only, versions };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::w_order => order.what = self.word(&part),
                Rule::only => order.only = inner(part).flat_map(|names| self.names(names)).collect(),
                Rule::range => order.versions = self.versions(part)?,
                _ => {
                    let mut parts = part.into_inner();
                    let name = parts.next().map(|name| self.word(&name));
                    let direction = parts.next().and_then(|direction| direction.into_inner().next());
                    let direction = direction.map(|direction| {
                        let ascending = direction.as_rule() == Rule::w_ascending;
                        let way = if ascending { Direction::Ascending } else { Direction::Descending };
                        self.at(&direction, way)
                    });
                    order.fields.extend(name.map(|name| (name, direction)));
                }
            }
        }
        Ok(order)
    }

    fn member(self, pair: Pair<'_, Rule>) -> Parsed<Member> {
        let whole = self.word(&pair);
        let mut member = Member {
            name: whole.clone(),
            role: None,
            ownership: whole.clone(),
            keeper: None,
            null: None,
            only: Vec::new(),
            versions: Versions::default(),
            doc: whole,
        };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::field => member.name = self.word(&part),
                Rule::role => member.role = inner(part).next().map(|role| self.word(&role)),
                Rule::ownership => {
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::name => member.ownership = self.word(&part),
                            _ => member.keeper = inner(part).next().map(|keeper| self.word(&keeper)),
                        }
                    }
                }
                Rule::nullable => member.null = inner(part).next().map(|text| self.text(&text)),
                Rule::only => member.only = inner(part).flat_map(|names| self.names(names)).collect(),
                Rule::range => member.versions = self.versions(part)?,
                _ => member.doc = self.text(&part),
            }
        }
        Ok(member)
    }

    fn localsplus(self, pair: Pair<'_, Rule>) -> Parsed<Localsplus> {
        let mut item =
            Localsplus { name: self.word(&pair), versions: Versions::default(), doc: None, parts: Vec::new() };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => item.name = self.word(&part),
                Rule::range => item.versions = self.versions(part)?,
                Rule::text => item.doc = Some(self.text(&part)),
                Rule::kind => {
                    let whole = self.word(&part);
                    let mut names = Vec::new();
                    let (mut versions, mut doc) = (Versions::default(), whole.clone());
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::name => names.push(self.word(&part)),
                            Rule::range => versions = self.versions(part)?,
                            _ => doc = self.text(&part),
                        }
                    }
                    let mut names = names.into_iter();
                    if let (Some(name), Some(c_name)) = (names.next(), names.next()) {
                        item.parts.push(LocalsplusPart::Kind(Kind { name, c_name, versions, doc }));
                    }
                }
                Rule::region => {
                    let whole = self.word(&part);
                    let mut region = Region { name: whole.clone(), holds: Vec::new(), without: Vec::new(), doc: whole };
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::name => region.name = self.word(&part),
                            Rule::holds => region.holds = inner(part).flat_map(|names| self.names(names)).collect(),
                            Rule::without => region.without = inner(part).flat_map(|names| self.names(names)).collect(),
                            _ => region.doc = self.text(&part),
                        }
                    }
                    item.parts.push(LocalsplusPart::Region(region));
                }
                _ => {
                    let how = inner(part).next().map(|how| self.word(&how));
                    item.parts.extend(how.map(LocalsplusPart::ArgumentCells));
                }
            }
        }
        Ok(item)
    }

    fn position(self, pair: Pair<'_, Rule>) -> Parsed<Position> {
        let mut position = Position {
            name: self.word(&pair),
            versions: Versions::default(),
            doc: None,
            units: Vec::new(),
            places: Vec::new(),
        };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => position.name = self.word(&part),
                Rule::range => position.versions = self.versions(part)?,
                Rule::text => position.doc = Some(self.text(&part)),
                Rule::unit => {
                    let (mut name, mut versions) = (None, Versions::default());
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::name => name = Some(self.word(&part)),
                            _ => versions = self.versions(part)?,
                        }
                    }
                    position.units.extend(name.map(|name| (name, versions)));
                }
                _ => {
                    let mut place =
                        Place { name: self.word(&part), versions: Versions::default(), sum: Vec::new(), doc: None };
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::name => place.name = self.word(&part),
                            Rule::range => place.versions = self.versions(part)?,
                            Rule::sum => place.sum = self.sum(part)?,
                            _ => place.doc = Some(self.text(&part)),
                        }
                    }
                    position.places.push(place);
                }
            }
        }
        Ok(position)
    }

    fn sum(self, pair: Pair<'_, Rule>) -> Parsed<Vec<(Sign, At<Term>)>> {
        let mut sum = Vec::new();
        let mut sign = Sign::Plus;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::sign => sign = sign_of(&part),
                _ => {
                    let Some(inside) = part.into_inner().next() else { continue };
                    let term = match inside.as_rule() {
                        Rule::number => self.number(&inside)?.map(Term::Number),
                        _ => self.word(&inside).map(Term::Name),
                    };
                    sum.push((sign, term));
                }
            }
        }
        Ok(sum)
    }
}

fn is_names(pair: &Pair<'_, Rule>) -> bool {
    pair.as_rule() == Rule::names
}

fn sign_of(pair: &Pair<'_, Rule>) -> Sign {
    if pair.as_str() == "-" { Sign::Minus } else { Sign::Plus }
}

/// The parts of a pair that are no fixed words.
fn inner(pair: Pair<'_, Rule>) -> impl Iterator<Item = Pair<'_, Rule>> {
    let pairs: Pairs<'_, Rule> = pair.into_inner();
    pairs.filter(|pair| {
        !matches!(
            pair.as_rule(),
            Rule::semi
                | Rule::open
                | Rule::close
                | Rule::equals
                | Rule::arrow
                | Rule::answers
                | Rule::bits
                | Rule::bytes
                | Rule::comma
                | Rule::through
                | Rule::up_to
                | Rule::shift
                | Rule::pipe
                | Rule::w_number
                | Rule::w_digits
                | Rule::w_first
                | Rule::w_at
                | Rule::w_most
                | Rule::w_row
                | Rule::w_like
                | Rule::w_drops
                | Rule::w_since
                | Rule::w_until
                | Rule::w_version
                | Rule::w_extends
                | Rule::w_machine
                | Rule::w_flavours
                | Rule::w_guards
                | Rule::w_errors
                | Rule::w_states
                | Rule::w_from
                | Rule::w_reserved
                | Rule::w_group
                | Rule::w_start
                | Rule::w_on
                | Rule::w_needs
                | Rule::w_else
                | Rule::w_if
                | Rule::w_and
                | Rule::w_not
                | Rule::w_for
                | Rule::w_layout
                | Rule::w_extra
                | Rule::w_order
                | Rule::w_as
                | Rule::w_null
                | Rule::w_mirrored
                | Rule::w_localsplus
                | Rule::w_kind
                | Rule::w_region
                | Rule::w_holds
                | Rule::w_without
                | Rule::w_argument_cells
                | Rule::w_position
                | Rule::w_unit
                | Rule::w_table
                | Rule::w_entry
        )
    })
}
