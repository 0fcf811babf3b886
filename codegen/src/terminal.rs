//! Text for a person's terminal: a few colours, and lists that break at the edge.

use crate::diag::Style;

/// Columns that everything must fit in.
pub(crate) const WIDTH: usize = 100;

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    /// A heading.
    Strong,
    /// Lines, offsets, holes.
    Faint,
    /// The type of a field.
    Type,
    /// What is new.
    New,
    /// What is gone.
    Gone,
}

/// Text in its colour, or as it is.
pub(crate) fn paint(style: Style, ink: Ink, text: &str) -> String {
    let code = match (style, ink) {
        (Style::Plain, _) | (_, Ink::Plain) => return text.to_owned(),
        (_, Ink::Strong) => "1",
        (_, Ink::Faint) => "2",
        (_, Ink::Type) => "36",
        (_, Ink::New) => "32",
        (_, Ink::Gone) => "31",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// What comes out of a file cannot steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Adds `first`, then the items with commas between; further lines are indented.
pub(crate) fn push_list(text: &mut String, first: &str, indent: usize, items: &[String]) {
    text.push_str(first);
    push_items(text, first.chars().count(), indent, items);
}

/// Adds items with commas between to a line that has `column` columns; further lines are indented.
pub(crate) fn push_items(text: &mut String, mut column: usize, indent: usize, items: &[String]) {
    for (index, item) in items.iter().enumerate() {
        let last = index + 1 == items.len();
        // The comma belongs to the item before it.
        let width = item.chars().count() + usize::from(!last);
        if column > indent && column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else {
            text.push(' ');
            column += 1;
        }
        text.push_str(item);
        if !last {
            text.push(',');
        }
        column += width;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_break_before_the_edge() {
        let items: Vec<String> = (0..40).map(|number| format!("NAME {number}")).collect();
        let mut text = String::new();
        push_list(&mut text, "  renumbered:", 4, &items);
        assert!(text.lines().count() > 1);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH && line == line.trim_end()), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("    NAME")), "{text}");
        assert_eq!(text.matches("NAME").count(), 40);
    }

    #[test]
    fn an_item_wider_than_the_line_stands_alone() {
        let mut text = String::new();
        push_list(&mut text, "list:", 2, &["x".repeat(200), "y".to_owned()]);
        assert_eq!(text, format!("list:\n  {},\n  y\n", "x".repeat(200)));
    }

    #[test]
    fn colours_only_when_asked_for() {
        assert_eq!(paint(Style::Plain, Ink::New, "new"), "new");
        assert_eq!(paint(Style::Coloured, Ink::New, "new"), "\x1b[32mnew\x1b[0m");
        assert_eq!(printable("a\x1b[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
