//! Two streams of JSON objects, one a line, compared key by key.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Differences that are shown in full; all are counted.
const SHOWN: usize = 12;

/// What became of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Objects of the first stream.
    pub(crate) objects: u64,
    /// Differences: keys of objects that differ, objects that are missing, streams that broke off.
    pub(crate) total: u64,
    by_key: BTreeMap<String, u64>,
    first: Vec<String>,
}

impl Comparison {
    /// Notes a difference.
    pub(crate) fn add(&mut self, place: &str, key: &str, what: &str) {
        self.total += 1;
        *self.by_key.entry(key.to_owned()).or_default() += 1;
        if self.first.len() < SHOWN {
            self.first.push(format!("{place}: {key}: {what}"));
        }
    }

    /// Adds what another one found.
    pub(crate) fn merge(&mut self, other: Comparison) {
        self.objects += other.objects;
        self.total += other.total;
        for (key, count) in other.by_key {
            *self.by_key.entry(key).or_default() += count;
        }
        self.first.extend(other.first);
        self.first.truncate(SHOWN);
    }

    /// The total, the count of each key, and the first differences.
    pub(crate) fn report(&self) -> String {
        let counts: Vec<String> = self.by_key.iter().map(|(key, count)| format!("{count} in `{key}`")).collect();
        let mut text = format!("{} differences in {} code objects ({})", self.total, self.objects, counts.join(", "));
        for line in &self.first {
            let _ = write!(text, "\n  {line}");
        }
        if self.total > self.first.len() as u64 {
            let _ = write!(text, "\n  and {} more", self.total - self.first.len() as u64);
        }
        text
    }

    /// Compares what an interpreter says of the code objects of a file with what we say.
    pub(crate) fn compare<T, O>(&mut self, file: &str, theirs: T, ours: O)
    where
        T: IntoIterator<Item = Result<String, String>>,
        O: IntoIterator<Item = Result<String, String>>,
    {
        let mut ours = ours.into_iter();
        let mut broken = false;
        for (index, line) in theirs.into_iter().enumerate() {
            self.objects += 1;
            let place = || format!("{file}, code object {index}");
            let theirs = match line {
                Ok(line) => line,
                Err(error) => {
                    self.add(&place(), "(oracle)", &error);
                    return;
                }
            };
            if broken {
                continue;
            }
            match ours.next() {
                Some(Ok(ours)) if ours == theirs => {}
                Some(Ok(ours)) => self.compare_objects(&place(), &theirs, &ours),
                Some(Err(error)) => {
                    self.add(&place(), "(ours)", &error);
                    broken = true;
                }
                None => {
                    self.add(&place(), "(ours)", "it and what follows it is missing");
                    broken = true;
                }
            }
        }
        let more = if broken { None } else { ours.next() };
        match more {
            None => {}
            Some(Ok(line)) => {
                let start: String = line.chars().take(80).collect();
                self.add(file, "(ours)", &format!("one code object more, or several: {start}"));
            }
            Some(Err(error)) => self.add(file, "(ours)", &error),
        }
    }

    fn compare_objects(&mut self, place: &str, theirs: &str, ours: &str) {
        let parse = |text: &str| serde_json::from_str::<Map<String, Value>>(text).map_err(|error| error.to_string());
        let (theirs, ours) = match (parse(theirs), parse(ours)) {
            (Ok(theirs), Ok(ours)) => (theirs, ours),
            (Err(error), _) => return self.add(place, "(oracle)", &error),
            (_, Err(error)) => return self.add(place, "(ours)", &error),
        };
        let place = format!("{place} {} at line {}", theirs["name"], theirs["firstlineno"]);
        for (key, value) in &theirs {
            match ours.get(key) {
                None => self.add(&place, key, "this key is missing"),
                Some(our) if our != value => self.add(&place, key, &describe(value, our)),
                Some(_) => {}
            }
        }
        for key in ours.keys().filter(|key| !theirs.contains_key(*key)) {
            self.add(&place, key, "there is no such key");
        }
    }
}

/// Two values that differ; of lists the first items that do.
fn describe(theirs: &Value, ours: &Value) -> String {
    let (Value::Array(many), Value::Array(our)) = (theirs, ours) else {
        return format!("CPython {theirs}, here {ours}");
    };
    let at = many.iter().zip(our).take_while(|(theirs, ours)| theirs == ours).count();
    let item = |list: &[Value]| list.get(at).map_or_else(|| "the end".to_owned(), Value::to_string);
    let lengths = if many.len() == our.len() {
        format!("of {} items", many.len())
    } else {
        format!("of {} items, here {}", many.len(), our.len())
    };
    format!("item {at} {lengths}: CPython {}, here {}", item(many), item(our))
}

#[cfg(test)]
mod tests {
    use super::Comparison;

    const A: &str = r#"{"name":"a","firstlineno":1,"lines":[[0,2,1],[2,4,2]]}"#;
    const B: &str = r#"{"name":"b","firstlineno":3,"lines":[]}"#;

    fn compared(theirs: &[&str], ours: &[Result<&str, &str>]) -> Comparison {
        let mut comparison = Comparison::default();
        let theirs = theirs.iter().map(|line| Ok((*line).to_owned()));
        let ours = ours.iter().map(|line| line.map(str::to_owned).map_err(str::to_owned));
        comparison.compare("a.py", theirs, ours);
        comparison
    }

    #[test]
    fn the_order_of_keys_and_spaces_is_no_difference() {
        let other = r#"{ "lines": [[0, 2, 1], [2, 4, 2]], "firstlineno": 1, "name": "a" }"#;
        let comparison = compared(&[A, B], &[Ok(other), Ok(B)]);
        assert_eq!((comparison.objects, comparison.total), (2, 0), "{}", comparison.report());
    }

    #[test]
    fn every_difference_is_told() {
        let report = |theirs: &[&str], ours: &[Result<&str, &str>]| compared(theirs, ours).report();
        let changed = A.replace("[2,4,2]", "[2,4,null]").replace("\"firstlineno\":1", "\"firstlineno\":0");
        assert_eq!(
            report(&[A, B], &[Ok(&changed), Ok(B)]),
            "2 differences in 2 code objects (1 in `firstlineno`, 1 in `lines`)\n  \
             a.py, code object 0 \"a\" at line 1: firstlineno: CPython 1, here 0\n  \
             a.py, code object 0 \"a\" at line 1: lines: item 1 of 2 items: CPython [2,4,2], here [2,4,null]"
        );
        let longer = B.replace("[]", "[[0,2,3]],\"more\":1");
        assert_eq!(
            report(&[B], &[Ok(&longer)]),
            "2 differences in 1 code objects (1 in `lines`, 1 in `more`)\n  \
             a.py, code object 0 \"b\" at line 3: lines: item 0 of 0 items, here 1: CPython the end, here [0,2,3]\n  \
             a.py, code object 0 \"b\" at line 3: more: there is no such key"
        );
        let missing = r#"{"name":"b","firstlineno":3}"#;
        assert!(report(&[B], &[Ok(missing)]).contains("lines: this key is missing"));
        assert!(report(&[A, B, B], &[Ok(A)]).contains("1 differences in 3 code objects (1 in `(ours)`)"));
        assert!(report(&[A], &[Ok(A), Ok(B)]).contains("one code object more"));
        assert!(report(&[A], &[Ok(A), Err("it broke")]).contains("a.py: (ours): it broke"));
        assert!(report(&[A, B], &[Err("it broke")]).contains("1 differences in 2 code objects"));
        assert!(report(&[A], &[Ok("{")]).contains("a.py, code object 0: (ours): EOF"));
    }

    #[test]
    fn the_first_differences_are_shown_and_all_are_counted() {
        let theirs = vec![A; 40];
        let ours = vec![Ok(B); 40];
        let mut comparison = compared(&theirs, &ours);
        comparison.merge(compared(&theirs, &ours));
        assert_eq!((comparison.objects, comparison.total), (80, 240));
        let report = comparison.report();
        assert_eq!(report.lines().count(), 1 + super::SHOWN + 1);
        assert!(report.ends_with("and 228 more"), "{report}");
    }
}
