//! The kinds of difference in meaning; serialised, they stand among the changes of facts.

use serde::Serialize;

/// One difference in what is declared. In JSON, `change` names the variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum MeaningChange {
    /// A machine that was not there.
    MachineAdded(MachineFact),
    /// A machine that is no more.
    MachineRemoved(MachineFact),
    /// Another enum numbers the states; absent where none does.
    StateNumbersChanged {
        /// The machine.
        machine: String,
        /// The enum before.
        old: Option<String>,
        /// The enum now.
        new: Option<String>,
    },
    /// A state that was not there.
    StateAdded {
        /// The machine.
        machine: String,
        /// The state.
        state: StateFact,
    },
    /// A state that is no more.
    StateRemoved {
        /// The machine.
        machine: String,
        /// The state as it was.
        state: StateFact,
    },
    /// A state is stored no more, or again; begins something; promises something else. Its number is the enum's.
    StateChanged {
        /// The machine.
        machine: String,
        /// Before.
        old: StateFact,
        /// Now.
        new: StateFact,
    },
    /// An event that was not there.
    EventAdded {
        /// The machine.
        machine: String,
        /// The event.
        event: EventFact,
    },
    /// An event that is no more.
    EventRemoved {
        /// The machine.
        machine: String,
        /// The event as it was.
        event: EventFact,
    },
    /// An event does something else in states that both sides have.
    EventChanged {
        /// The machine.
        machine: String,
        /// The event.
        event: String,
        /// In these states.
        states: Vec<String>,
        /// For these flavours; for all when empty.
        flavours: Vec<String>,
        /// How many flavours there are.
        #[serde(skip)]
        flavour_count: usize,
        /// The rows that decided, in the order of the checks.
        old: Vec<RowFact>,
        /// The rows that decide.
        new: Vec<RowFact>,
    },
    /// What the fields of a struct mean is declared.
    LayoutAdded(LayoutFact),
    /// What the fields of a struct meant is declared no more: the struct is gone.
    LayoutRemoved(LayoutFact),
    /// What a field means that was not there. One that is gone is a `field_removed`.
    MeaningAdded {
        /// CPython's name.
        #[serde(rename = "struct")]
        structure: String,
        /// The field.
        field: MeaningFact,
    },
    /// A field is owned otherwise, may be null in other cases, or is for something else.
    MeaningChanged {
        /// CPython's name.
        #[serde(rename = "struct")]
        structure: String,
        /// Before.
        old: MeaningFact,
        /// Now.
        new: MeaningFact,
    },
    /// Fields are dropped or visited in another order; absent where no order is declared.
    OrderChanged {
        /// CPython's name.
        #[serde(rename = "struct")]
        structure: String,
        /// `clear`, `clear for frame_object` or `traverse`.
        purpose: &'static str,
        /// Before.
        old: Option<Vec<StepFact>>,
        /// Now.
        new: Option<Vec<StepFact>>,
    },
    /// The slots of a frame are described anew.
    LocalsplusAdded(LocalsplusFact),
    /// A description of the slots of a frame holds no more.
    LocalsplusRemoved(LocalsplusFact),
    /// A kind of variable that was not there.
    KindAdded {
        /// The spec's name for the slots.
        localsplus: String,
        /// The kind.
        kind: KindFact,
    },
    /// A kind of variable that is no more.
    KindRemoved {
        /// The spec's name for the slots.
        localsplus: String,
        /// The kind as it was.
        kind: KindFact,
    },
    /// A kind of variable has another bit or meaning.
    KindChanged {
        /// The spec's name for the slots.
        localsplus: String,
        /// Before.
        old: KindFact,
        /// Now.
        new: KindFact,
    },
    /// Slots that lie together are others.
    RegionsChanged {
        /// The spec's name for the slots.
        localsplus: String,
        /// Before, in the order of the slots.
        old: Vec<RegionFact>,
        /// Now, in the order of the slots.
        new: Vec<RegionFact>,
    },
    /// The cell of an argument lies somewhere else.
    ArgumentCellsChanged {
        /// The spec's name for the slots.
        localsplus: String,
        /// Whether it lay in the argument's slot.
        old_share: bool,
        /// Whether it lies in the argument's slot.
        new_share: bool,
    },
    /// A table of bytes that was not there.
    TableAdded(TableFact),
    /// A table of bytes that is no more.
    TableRemoved(TableFact),
    /// Another field says where a frame is; absent on the side that has none.
    PositionFieldChanged {
        /// The field before.
        old: Option<String>,
        /// The field now.
        new: Option<String>,
    },
    /// A stored position counts something else.
    PositionUnitChanged {
        /// The field, as it is called now.
        position: String,
        /// `bytes` or `units`.
        old: String,
        /// `bytes` or `units`.
        new: String,
    },
    /// A position stands somewhere else in some situation; absent on the side where nothing is said of it.
    PlaceChanged {
        /// The field, as it is called now.
        position: String,
        /// The situation.
        situation: String,
        /// Before.
        old: Option<PlaceFact>,
        /// Now.
        new: Option<PlaceFact>,
    },
}

/// A whole machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MachineFact {
    /// Its name.
    pub machine: String,
    /// What it describes.
    pub what: String,
    /// The enum that numbers the states.
    pub numbers: Option<String>,
    /// In the order of the spec.
    pub states: Vec<StateFact>,
    /// Names, in the order of the spec.
    pub events: Vec<String>,
}

/// A state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateFact {
    /// The spec's name.
    pub name: String,
    /// CPython's name of its number.
    pub c_name: Option<String>,
    /// In the enum, and stored by nobody.
    pub reserved: bool,
    /// Whether something begins in it.
    pub start: bool,
    /// What it promises.
    pub what: String,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventFact {
    /// Its name.
    pub name: String,
    /// What happens.
    pub what: String,
    /// What it needs.
    pub needs: String,
}

/// One of the rows that decide an event in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowFact {
    /// Conditions that must all hold, `not` before those that must not; none when the row always decides.
    pub conditions: Vec<String>,
    /// `goes`; or the kind of the error or warning; or the answer, such as `stop`.
    pub outcome: String,
    /// What the error says, with names in braces.
    pub message: Option<String>,
    /// The state after it, or `end`; absent when it stays what it was.
    pub next: Option<String>,
}

/// What the fields of a struct mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayoutFact {
    /// The spec's name.
    pub layout: String,
    /// CPython's name.
    #[serde(rename = "struct")]
    pub structure: String,
    /// What it is.
    pub what: String,
    /// In the order of the spec.
    pub fields: Vec<MeaningFact>,
    /// In which order references are dropped.
    pub clear: Option<Vec<StepFact>>,
    /// In which order a frame object drops those of the frame that lies in it; absent where it has no other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_clear: Option<Vec<StepFact>>,
    /// In which order the cycle collector visits.
    pub traverse: Option<Vec<StepFact>>,
}

/// What a field means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeaningFact {
    /// CPython's name.
    pub name: String,
    /// What the runtime uses it for.
    pub role: Option<String>,
    /// `strong`, `borrowed`, ...
    pub ownership: String,
    /// The field that keeps alive what is borrowed.
    pub keeper: Option<String>,
    /// When it may be null; absent when it may not.
    pub null: Option<String>,
    /// What it is for.
    pub what: String,
}

/// One field in an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepFact {
    /// CPython's name.
    pub field: String,
    /// Of the slots: `ascending` or `descending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
}

/// The slots of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocalsplusFact {
    /// The spec's name.
    pub localsplus: String,
    /// What they are.
    pub what: String,
    /// Bits of a variable's kind.
    pub kinds: Vec<KindFact>,
    /// In the order of the slots.
    pub regions: Vec<RegionFact>,
    /// Whether the cell of an argument lies in the argument's slot.
    pub argument_cells_share: bool,
}

/// A bit of a variable's kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindFact {
    /// The spec's name.
    pub kind: String,
    /// CPython's name of the bit.
    pub c_name: String,
    /// What it means.
    pub what: String,
}

/// Slots that lie together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionFact {
    /// The spec's name.
    pub region: String,
    /// Kinds of which a variable there has one.
    pub holds: Vec<String>,
    /// Kinds that it does not have.
    pub without: Vec<String>,
    /// What lies there.
    pub what: String,
}

/// A table of bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableFact {
    /// Its name.
    pub table: String,
    /// What it tells.
    pub what: String,
    /// Bytes of code for which one unit stands.
    pub unit_bytes: u8,
    /// The columns of a row, in their order.
    pub columns: Vec<String>,
    /// The forms of an entry, in the order in which an encoder tries.
    pub forms: Vec<String>,
}

/// Where a position stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlaceFact {
    /// A sum in code units, `pointer + return_offset + 1`.
    pub place: String,
    /// Why.
    pub why: String,
}
