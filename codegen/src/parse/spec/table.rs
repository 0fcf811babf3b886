//! Byte formats.

use pest::iterators::Pair;

use super::{Parsed, Rule, Walk, inner, sign_of};
use crate::ast::{
    Codes, Column, EntryRow, Fallback, Form, Numeral, Operand, Operator, Part, Sign, Step, Table, Versions,
};
use crate::diag::Diagnostic;
use crate::source::At;

impl Walk {
    pub(super) fn table(self, pair: Pair<'_, Rule>) -> Parsed<Table> {
        let mut table = Table {
            name: self.word(&pair),
            versions: Versions::default(),
            doc: None,
            unit: self.at(&pair, 0),
            numbers: Vec::new(),
            columns: Vec::new(),
            head: Vec::new(),
            rows: Vec::new(),
        };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => table.name = self.word(&part),
                Rule::range => table.versions = self.versions(part)?,
                Rule::text => table.doc = Some(self.text(&part)),
                Rule::width => {
                    if let Some(number) = inner(part).next() {
                        table.unit = self.number(&number)?;
                    }
                }
                Rule::numeral => table.numbers.push(self.numeral(part)?),
                Rule::columns => table.columns = inner(part).map(|column| self.column(column)).collect(),
                _ => {
                    for part in inner(part) {
                        match part.as_rule() {
                            Rule::head => {
                                table.head = inner(part).map(|part| self.part(part)).collect::<Parsed<_>>()?
                            }
                            _ => table.rows.push(self.entry_row(part)?),
                        }
                    }
                }
            }
        }
        Ok(table)
    }

    fn numeral(self, pair: Pair<'_, Rule>) -> Parsed<Numeral> {
        let zero = self.at(&pair, 0);
        let mut numeral =
            Numeral { name: self.word(&pair), digit: zero.clone(), low_first: false, at_most: zero, signed: false };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => numeral.name = self.word(&part),
                Rule::number => numeral.digit = self.number(&part)?,
                Rule::first => numeral.low_first = inner(part).any(|word| word.as_rule() == Rule::w_low),
                Rule::at_most => numeral.at_most = self.at_most(part)?.unwrap_or(numeral.at_most),
                _ => numeral.signed = true,
            }
        }
        Ok(numeral)
    }

    fn at_most(self, pair: Pair<'_, Rule>) -> Parsed<Option<At<u64>>> {
        inner(pair).next().map(|number| self.number(&number)).transpose()
    }

    fn column(self, pair: Pair<'_, Rule>) -> Column {
        let mut column = Column { name: self.word(&pair), fallback: None, doc: self.word(&pair) };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::any => column.name = self.word(&part),
                Rule::fallback => {
                    column.fallback = inner(part).next().map(|word| match word.as_rule() {
                        Rule::w_kept => Fallback::Kept,
                        Rule::w_absent => Fallback::Absent,
                        _ => {
                            let word = inner(word.clone()).next().unwrap_or(word);
                            Fallback::Like(self.word(&word))
                        }
                    });
                }
                _ => column.doc = self.text(&part),
            }
        }
        column
    }

    fn part(self, pair: Pair<'_, Rule>) -> Parsed<Part> {
        let mut part =
            Part { name: self.word(&pair), bits: self.at(&pair, 0), plus: None, signed: None, at_most: None };
        for inside in inner(pair) {
            match inside.as_rule() {
                Rule::name => part.name = self.word(&inside),
                Rule::number => part.bits = self.number(&inside)?,
                Rule::plus => {
                    let mut sign = Sign::Plus;
                    for inside in inner(inside) {
                        match inside.as_rule() {
                            Rule::sign => sign = sign_of(&inside),
                            _ => part.plus = Some((sign, self.number(&inside)?)),
                        }
                    }
                }
                Rule::at_most => part.at_most = self.at_most(inside)?,
                _ => part.signed = Some(self.at(&inside, ())),
            }
        }
        Ok(part)
    }

    fn entry_row(self, pair: Pair<'_, Rule>) -> Parsed<EntryRow> {
        let mut codes = Codes::Else(self.at(&pair, ()));
        for part in inner(pair.clone()) {
            match part.as_rule() {
                Rule::codes => codes = self.codes(part)?,
                Rule::gap => return Ok(EntryRow::Reserved(codes)),
                _ => return self.form(codes, part).map(EntryRow::Form),
            }
        }
        Ok(EntryRow::Reserved(codes))
    }

    fn codes(self, pair: Pair<'_, Rule>) -> Parsed<Codes> {
        let place = self.at(&pair, ());
        let codes = pair.into_inner().filter(|part| part.as_rule() == Rule::code).map(|code| self.code(code));
        let codes = codes.collect::<Parsed<Vec<_>>>()?;
        Ok(match (codes.first(), codes.last()) {
            (Some(first), Some(last)) => Codes::Range(first.clone(), last.clone()),
            _ => Codes::Else(place),
        })
    }

    fn code(self, pair: Pair<'_, Rule>) -> Parsed<At<i64>> {
        let place = self.at(&pair, 0);
        let mut negative = false;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::minus {
                negative = true;
                continue;
            }
            let number = self.number(&part)?;
            let value = i64::try_from(number.value).map_err(|_| {
                Diagnostic::error("spec-number", format!("`{}` is too large for a code", part.as_str()))
                    .at(place.span, "a code has a few bits")
            })?;
            return Ok(place.map(|_| if negative { -value } else { value }));
        }
        Ok(place)
    }

    fn form(self, codes: Codes, pair: Pair<'_, Rule>) -> Parsed<Form> {
        let mut form = Form { codes, name: self.word(&pair), absent: false, drops: Vec::new(), steps: Vec::new() };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::name => form.name = self.word(&part),
                Rule::w_absent => form.absent = true,
                Rule::drops => form.drops = inner(part).map(|name| self.word(&name)).collect(),
                _ => form.steps.push(self.step(part)?),
            }
        }
        Ok(form)
    }

    fn step(self, pair: Pair<'_, Rule>) -> Parsed<Step> {
        let mut step = Step { name: self.word(&pair), low: None, adds: false, value: Vec::new() };
        for part in inner(pair) {
            match part.as_rule() {
                Rule::any => step.name = self.word(&part),
                Rule::low => {
                    let mut parts = inner(part);
                    if let (Some(bits), Some(name)) = (parts.next(), parts.next()) {
                        step.low = Some((self.number(&bits)?, self.word(&name)));
                    }
                }
                Rule::assign => step.adds = part.as_str() == "+=",
                _ => step.value = self.value(part)?,
            }
        }
        Ok(step)
    }

    fn value(self, pair: Pair<'_, Rule>) -> Parsed<Vec<(Option<Operator>, At<Operand>)>> {
        let mut value = Vec::new();
        let mut operator = None;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::operator {
                operator = Operator::ALL.iter().find(|(word, _)| *word == part.as_str()).map(|(_, known)| *known);
                continue;
            }
            let Some(inside) = part.into_inner().next() else { continue };
            let operand = match inside.as_rule() {
                Rule::number => self.number(&inside)?.map(Operand::Number),
                Rule::slice => {
                    let place = self.at(&inside, ());
                    let ends = inner(inside).map(|end| self.number(&end).map(|end| end.value));
                    let ends = ends.collect::<Parsed<Vec<u64>>>()?;
                    let end = |index: usize| ends.get(index).copied().unwrap_or_default();
                    place.map(|()| Operand::Bits(end(0), end(1)))
                }
                _ => self.word(&inside).map(Operand::Name),
            };
            value.push((operator.take(), operand));
        }
        Ok(value)
    }
}
