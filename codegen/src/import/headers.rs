//! Preprocessed headers: which macros there are, where, in which order, and which words occur.

use std::collections::{BTreeMap, BTreeSet};

/// An object-like macro that is still defined at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Macro {
    pub(crate) name: String,
    pub(crate) body: String,
    /// The file that defines it, as the compiler names it.
    pub(crate) file: String,
}

/// What the preprocessor made of the headers.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    /// In order of definition.
    pub(crate) macros: Vec<Macro>,
    /// Every C word outside macros.
    pub(crate) words: BTreeSet<String>,
}

impl Headers {
    /// Reads the output of `-E -dD`.
    pub(crate) fn read(text: &str) -> Headers {
        let mut words = BTreeSet::new();
        // A macro defined anew takes its new place; one undefined goes.
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        let mut macros: Vec<Option<Macro>> = Vec::new();
        let mut file = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("#define ") {
                let name_end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
                let (name, body) = rest.split_at(name_end);
                if let Some(old) = last.insert(name, macros.len()) {
                    macros[old] = None;
                }
                let object_like = !body.starts_with('(');
                macros.push(object_like.then(|| Macro {
                    name: name.to_owned(),
                    body: body.trim().to_owned(),
                    file: file.clone(),
                }));
            } else if let Some(name) = line.strip_prefix("#undef ") {
                if let Some(old) = last.remove(name.trim()) {
                    macros[old] = None;
                }
            } else if let Some(rest) = line.strip_prefix("# ") {
                // `# 12 "file" flags`: what follows is from that file.
                if let Some(name) = rest.split('"').nth(1) {
                    name.clone_into(&mut file);
                }
            } else {
                let found = line.split(|c: char| !is_word(c)).filter(|word| !word.is_empty());
                words.extend(found.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit())));
            }
        }
        Headers {
            macros: macros.into_iter().flatten().collect(),
            words: words.into_iter().map(str::to_owned).collect(),
        }
    }

    /// A macro by its name.
    pub(crate) fn find(&self, name: &str) -> Option<&Macro> {
        self.macros.iter().find(|candidate| candidate.name == name)
    }

    /// Whether a macro is defined, to whatever.
    pub(crate) fn is_defined(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_words_and_files() {
        let headers = Headers::read(concat!(
            "# 1 \"a/opcode.h\" 1\n#define NOP 9\n#define F(x) x\n#define EMPTY\n#define NOP2 7\n#undef NOP2\n",
            "# 3 \"b.h\" 2\nstruct _frame *f; int x9 = 3;\n#define NOP 10\n"
        ));
        let names: Vec<&str> = headers.macros.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["EMPTY", "NOP"]);
        let nop = headers.find("NOP").expect("NOP");
        assert_eq!((nop.body.as_str(), nop.file.as_str()), ("10", "b.h"));
        assert!(headers.words.contains("_frame") && !headers.words.contains("3"));
    }
}
