//! What lies on the evaluation stack, as far as a jump has to know it.

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What a loop iterates over.
    Iterator = 1,
    /// An exception that was handled before.
    Except = 2,
    /// Anything else that is an object.
    Object = 3,
    /// Nothing: the second entry of a callable.
    Null = 4,
    /// The index of an instruction that raised.
    Lasti = 5,
}

impl Kind {
    const fn of(bits: i64) -> Option<Kind> {
        match bits & ITEM {
            1 => Some(Kind::Iterator),
            2 => Some(Kind::Except),
            3 => Some(Kind::Object),
            4 => Some(Kind::Null),
            5 => Some(Kind::Lasti),
            _ => None,
        }
    }

    /// Whether an entry may stand where the instructions expect this one.
    pub(super) fn takes(self, found: Kind) -> bool {
        match self {
            Kind::Object => found != Kind::Null,
            Kind::Null => true,
            _ => found == self,
        }
    }
}

/// Bits of an entry.
const BITS: u32 = 3;
const ITEM: i64 = (1 << BITS) - 1;

/// A stack of up to 21 entries, the topmost one in the lowest bits: CPython compares and orders stacks as these numbers,
/// and so does the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stack(i64);

impl Stack {
    pub(super) const EMPTY: Stack = Stack(0);
    /// More entries than fit. Whatever is pushed or popped, it stays so.
    pub(super) const DEEP: Stack = Stack(-1);
    /// No way was found.
    pub(super) const UNSEEN: Stack = Stack(-2);

    /// How many entries fit.
    const MOST: u32 = i64::BITS / BITS;

    /// Whether the entries are known.
    pub(super) const fn is_known(self) -> bool {
        self.0 >= 0
    }

    /// How many entries there are, of a stack that is known.
    pub(super) const fn depth(self) -> u32 {
        (i64::BITS - self.0.leading_zeros()).div_ceil(BITS)
    }

    pub(super) const fn top(self) -> Option<Kind> {
        Kind::of(self.0)
    }

    pub(super) const fn push(self, kind: Kind) -> Stack {
        match self.depth() < Self::MOST {
            true => Stack(self.0 << BITS | kind as i64),
            false => Stack::DEEP,
        }
    }

    pub(super) const fn pop(self) -> Stack {
        Stack(self.0 >> BITS)
    }

    pub(super) fn push_all(self, kind: Kind, count: u64) -> Stack {
        (0..count.min(Self::MOST.into())).fold(self, |stack, _| stack.push(kind))
    }

    pub(super) fn pop_all(self, count: u64) -> Stack {
        (0..count.min(Self::MOST.into())).fold(self, |stack, _| stack.pop())
    }

    /// The entry so far from the top, which is 1; one that is not there is an object.
    pub(super) fn at(self, place: u32) -> Kind {
        self.shift(place).and_then(|shift| Kind::of(self.0 >> shift)).unwrap_or(Kind::Object)
    }

    /// Exchanges the topmost entry and another one.
    pub(super) fn swap(self, place: u32) -> Stack {
        let Some(shift) = self.shift(place) else { return self };
        let differ = (self.0 ^ self.0 >> shift) & ITEM;
        Stack(self.0 ^ (differ | differ << shift))
    }

    /// Where the bits of an entry are, if it is there.
    fn shift(self, place: u32) -> Option<u32> {
        (self.is_known() && 0 < place && place <= self.depth()).then(|| (place - 1) * BITS)
    }

    /// Pops down to so many entries.
    pub(super) fn cut(self, level: u32) -> Stack {
        match level {
            // Also of what is too deep.
            0 => Stack::EMPTY,
            _ if self.is_known() => self.pop_all(self.depth().saturating_sub(level).into()),
            _ => self,
        }
    }

    /// Pops as long as it is the greater number: not down to the same depth, but of two stacks of the same depth that with
    /// the greater kind at the bottom loses an entry.
    pub(super) fn lowered(mut self, to: Stack) -> Stack {
        while self > to {
            self = self.pop();
        }
        self
    }

    /// Whether the instructions that expect the other stack find what they need, when this one is lowered to it.
    pub(super) fn fits(self, to: Stack) -> bool {
        if !self.is_known() || !to.is_known() {
            return false;
        }
        let (mut from, mut to) = (self.lowered(to), to);
        while let Some(found) = from.top() {
            if !to.top().is_some_and(|wanted| wanted.takes(found)) {
                return false;
            }
            (from, to) = (from.pop(), to.pop());
        }
        to == Stack::EMPTY
    }
}
