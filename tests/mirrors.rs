//! The generated mirrors, numbers and opcodes, used as a profiler would.

use std::collections::BTreeSet;

use frame_codegen::model::Spec;
use frame_codegen::model::layout::Purpose;
use frame_codegen::model::version::Minor;
use frame_codegen::source::At;
use frame_runtime::frame::{InterpreterFrame, Place};
use frame_runtime::frame_object::ObjectFields;
use frame_runtime::layout::{Flavour, Layout};
use frame_runtime::mirror::{Addr, Mirror, Truncated};
use frame_runtime::number::Number;
use frame_runtime::opcode::Argument;
use frame_runtime::version::{Activation, ClearStep, Frames, ObjectStep, Tags, Version};
use frame_runtime::vm::Blank;
use frame_tests::{ask_again, committed_spec, files, root};

/// Every fact is in the data that a reader asks at run time, and every release finds its layout.
#[test]
fn the_data_is_the_facts() {
    let (spec, _) = committed_spec();
    assert_eq!(Layout::all().len(), spec.layouts.len());
    for (layout, facts) in Layout::all().iter().zip(&spec.layouts) {
        assert_eq!(format!("{}{}", layout.version, layout.flavour.suffix()), facts.folder());
        for build in facts.builds() {
            let found = Layout::find(&build.micro.to_string(), layout.flavour).expect("a known release");
            assert!(std::ptr::eq(found, *layout), "{}", build.micro);
        }
        for item in &facts.content.structs {
            let found = layout.find_struct(&item.name).expect("every struct");
            assert_eq!(found.size.map(|size| size as u64), item.size.as_ref().map(|size| size.bytes.value));
            assert_eq!(found.fields.len(), item.fields.len());
            for field in &item.fields {
                let known = found.field(&field.name).expect("every field");
                assert_eq!(known.offset as u64, field.offset.value, "{}.{}", item.name, field.name);
                assert_eq!(known.ty, field.ty.to_string());
            }
        }
        assert_eq!(layout.numbers.len(), facts.content.enums.len() + facts.content.constants.len());
        let enums = facts.content.enums.iter().map(|item| (&item.name, &item.values));
        let groups = facts.content.constants.iter().map(|group| (&group.name, &group.values));
        for (name, values) in enums.chain(groups) {
            let numbers = layout.find_numbers(name).expect("every enum and group");
            assert_eq!(numbers.values.len(), values.len());
            for constant in values {
                assert_eq!(numbers.value(&constant.name), Some(constant.value.value), "{}", constant.name);
            }
        }
        for opcode in &facts.content.opcodes {
            let info = layout.opcodes[usize::try_from(opcode.number.value).expect("a byte")].expect("every opcode");
            assert_eq!(info.name, opcode.name.value);
        }
        let known = layout.opcodes.iter().flatten().count();
        assert_eq!(known, facts.content.opcodes.len());
    }
}

#[test]
fn an_unknown_release_is_an_error_that_lists_the_known_ones() {
    let error = Layout::find("3.13.7", Flavour::Default).expect_err("nobody looked at it");
    let text = error.to_string();
    assert!(text.contains("3.13.0") && text.contains("3.13.18"), "{text}");
    assert!(!text.contains("3.13.18t"), "{text}");
    let error = Layout::find("3.13.0", Flavour::Debug).expect_err("no debug build is known");
    assert!(error.to_string().ends_with("known are none"), "{error}");
}

#[test]
fn a_frame_is_read_field_by_field() {
    use frame_runtime::v3_14::layout::{InterpreterFrame, PyThreadState};
    let bytes: Vec<u8> = (0..=87).collect();
    let frame = InterpreterFrame::read(&bytes).expect("88 bytes");
    assert_eq!(frame.f_executable.bits, 0x0706_0504_0302_0100);
    assert_eq!(frame.previous, Addr::new(0x0f0e_0d0c_0b0a_0908));
    assert_eq!(frame.return_offset, 0x4948);
    assert_eq!((frame.owner, frame.visited), (0x4a, 0x4b));
    assert_eq!(frame.localsplus[0].bits, 0x5756_5554_5352_5150);
    assert_eq!(
        InterpreterFrame::read(&bytes[..87]),
        Err(Truncated { name: "_PyInterpreterFrame", needed: 88, got: 87 })
    );
    for len in 0..88 {
        assert!(InterpreterFrame::read(&bytes[..len]).is_err(), "{len}");
    }
    let state: Addr<PyThreadState> = Addr::new(0x1000);
    assert_eq!(PyThreadState::CURRENT_FRAME.at(state), Addr::new(0x1048));
}

/// Bit fields: the same string header of three versions, as their compilers lay it out.
#[test]
fn bit_fields_are_where_each_version_has_them() {
    let state = 0b0110_0101_u32; // interned 1, kind 1, compact 1, ascii 1
    let mut bytes = [0; 64];
    bytes[32..36].copy_from_slice(&state.to_le_bytes());
    let old = frame_runtime::v3_8::layout::PyASCIIObject::read(&bytes).expect("48 bytes");
    assert_eq!((old.state_interned(), old.state_kind(), old.state_compact(), old.state_ascii()), (1, 1, 1, 1));
    let new = frame_runtime::v3_15::layout::PyASCIIObject::read(&bytes).expect("40 bytes");
    assert_eq!((new.state_interned(), new.state_kind(), new.state_compact(), new.state_ascii()), (1, 1, 1, 1));
    // Free-threaded 3.14 has a whole byte for `interned`, and the bits in the next one.
    let mut bytes = [0; 64];
    bytes[48..50].copy_from_slice(&[2, 0b01_1001]);
    let threaded = frame_runtime::v3_14t::layout::PyASCIIObject::read(&bytes).expect("56 bytes");
    assert_eq!(
        (threaded.state_interned, threaded.state_kind(), threaded.state_compact(), threaded.state_ascii()),
        (2, 1, 1, 1)
    );
}

/// Members of a union are parts of the integer that is stored.
#[test]
fn overlays_are_the_bytes_they_share() {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
    let object = frame_runtime::v3_14::layout::PyObject::read(&bytes).expect("16 bytes");
    assert_eq!(object.ob_refcnt(), 0x0403_0201);
    assert_eq!((object.ob_overflow(), object.ob_flags()), (0x0605, 0x0807));
}

macro_rules! every_version {
    ($check:ident: $($version:ident)*) => {$( $check!($version); )*};
}

/// Every byte is either converted to the value of that number and back, or is an error that names it.
#[test]
fn numbers_are_converted_or_refused() {
    fn check<N: Number + std::fmt::Debug + PartialEq>() {
        let mut converted = 0;
        for raw in -300..=300_i64 {
            match N::from_raw(raw) {
                Ok(value) => {
                    assert_eq!(value.raw(), raw);
                    assert!(N::ALL.contains(&value));
                    converted += 1;
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(
                        text.starts_with(&format!("{raw} is no `{}` of CPython {}", N::NAME, N::VERSION)),
                        "{text}"
                    );
                }
            }
        }
        assert_eq!(converted, N::ALL.len());
    }
    macro_rules! owners_and_states {
        ($version:ident) => {
            check::<frame_runtime::$version::number::FrameOwner>();
            check::<frame_runtime::$version::number::FrameState>();
            check::<frame_runtime::$version::number::BinaryOperator>();
        };
    }
    every_version!(owners_and_states: v3_11 v3_12 v3_13_0 v3_13 v3_13t v3_14 v3_14t v3_15 v3_15t);
    check::<frame_runtime::v3_10::number::FrameState>();
    check::<frame_runtime::v3_8::number::CmpOp>();
    check::<frame_runtime::v3_8::number::AwaitableState>();
    check::<frame_runtime::v3_14::number::SpecialMethod>();
}

/// Numbers that versions do not share.
#[test]
fn owners_and_states_are_each_versions_own() {
    use frame_runtime::{v3_10, v3_11, v3_12, v3_13, v3_14, v3_15};
    assert_eq!(v3_12::number::FrameOwner::Cstack.raw(), 3);
    assert_eq!(v3_14::number::FrameOwner::Interpreter.raw(), 3);
    assert_eq!(v3_14::number::FrameOwner::Cstack.raw(), 4);
    assert_eq!(v3_10::number::FrameState::Unwinding.raw(), 2);
    assert_eq!(v3_11::number::FrameState::Created.raw(), -2);
    assert_eq!(v3_13::number::FrameState::Created.raw(), -3);
    assert_eq!(v3_15::number::FrameState::Created.raw(), 0);
    assert_eq!(v3_14::number::FrameState::Cleared.c_name(), "FRAME_CLEARED");
}

#[test]
fn opcodes_of_one_version_are_not_those_of_another() {
    use frame_runtime::{v3_8, v3_12, v3_13, v3_14};
    assert_eq!(v3_13::opcode::Opcode::RESUME.number(), 149);
    assert_eq!(v3_14::opcode::Opcode::RESUME.number(), 128);
    assert_eq!(v3_14::opcode::Opcode::LOAD_ATTR.caches(), 9);
    let specialised = v3_14::opcode::Opcode::LOAD_ATTR_SLOT;
    assert_eq!(specialised.deopt(), v3_14::opcode::Opcode::LOAD_ATTR);
    assert_eq!((specialised.caches(), specialised.argument()), (9, Argument::Name));
    assert_eq!(v3_12::opcode::Opcode::JUMP_BACKWARD.argument(), Argument::JumpBackward);
    assert_eq!(v3_8::opcode::Opcode::JUMP_ABSOLUTE.argument(), Argument::JumpAbsolute);
    assert_eq!(v3_14::opcode::Opcode::INSTRUMENTED_END_ASYNC_FOR.argument(), Argument::JumpBackward);
    let error = v3_8::opcode::Opcode::from_u8(255).expect_err("3.8 ends before");
    assert_eq!(error.to_string(), "255 is no `opcode` of CPython 3.8");
    assert_eq!(format!("{:?}", v3_14::opcode::Opcode::POP_TOP), "POP_TOP");
}

/// The emitted functions are the observed formulas, for every opcode, argument and jump.
#[test]
fn stack_effects_are_the_observed_formulas() {
    let (spec, _) = committed_spec();
    macro_rules! effects {
        ($version:ident) => {
            let facts =
                spec.layouts.iter().find(|facts| frame_codegen::emit::name::module(facts) == stringify!($version));
            let facts = facts.expect("a layout of that name");
            let mut compared = 0;
            for opcode in &facts.content.opcodes {
                let number = u8::try_from(opcode.number.value).expect("a byte");
                let emitted = frame_runtime::$version::opcode::Opcode::from_u8(number).expect("known");
                let base = opcode.deopt.as_ref().unwrap_or(&opcode.name);
                let row = spec.observed.effect(base, facts.version.value).expect("checked: a row each");
                for argument in (0..=255).chain([256, 0x305, 65_535, 1 << 20]) {
                    for jump in [false, true] {
                        let formula = if jump { row.jump.as_ref().or(row.fall.as_ref()) } else { row.fall.as_ref() };
                        let declared = formula.and_then(|formula| formula.evaluate(argument)).map(i64::from);
                        let argument = u32::try_from(argument).expect("positive");
                        assert_eq!(emitted.stack_effect(argument, jump), declared, "{} {argument} {jump}", opcode.name);
                        compared += 1;
                    }
                }
            }
            assert!(compared > 50_000, "{compared}");
        };
    }
    every_version!(effects: v3_8_18 v3_9_18 v3_10_13 v3_11_2 v3_12_1 v3_13_0 v3_13_18 v3_13t_18 v3_14_10 v3_14t_10 v3_15_2 v3_15t_2);
    // The greatest argument there is does not leave the result's range.
    let unpack = frame_runtime::v3_14::opcode::Opcode::UNPACK_EX;
    assert_eq!(unpack.stack_effect(u32::MAX, false), Some(255 + i64::from(u32::MAX >> 8)));
}

#[test]
fn empty_slots_and_magic_numbers() {
    use frame_runtime::{v3_8, v3_13, v3_13t, v3_14, v3_15t};
    assert_eq!(
        (v3_8::NULL_SLOT, v3_13::NULL_SLOT, v3_13t::NULL_SLOT, v3_14::NULL_SLOT, v3_15t::NULL_SLOT),
        (0, 0, 0, 1, 1)
    );
    assert_eq!((v3_8::PYC_MAGIC, v3_13t::PYC_MAGIC, v3_14::PYC_MAGIC), (3413, 3571, 3627));
    // What only a .c file holds is laid out by C's rules behind each version's own object header.
    assert_eq!(std::mem::offset_of!(v3_8::layout::PyAsyncGenASend, ags_state), 32);
    assert_eq!(std::mem::offset_of!(v3_15t::layout::PyAsyncGenASend, ags_state), 48);
    assert_eq!(v3_15t::layout::PyAsyncGenAThrow::SIZE, 72);
}

/// What the runtime's own frame objects of a version have.
type ObjectFieldsOf<P> = <<P as Activation>::Frames as Frames>::ObjectFields<Blank<P>>;

/// A field lies as far behind the object's header as CPython's of this name.
fn lies_where<P: Activation, F>(fields: &ObjectFieldsOf<P>, field: &F, name: &str) {
    let offset = std::ptr::from_ref(field).addr() - std::ptr::from_ref(fields).addr();
    assert_eq!(Some(offset), behind_the_header::<P>(name), "{name} of {}", P::NAME);
}

/// Bytes between the header of CPython's frame object and a field.
fn behind_the_header<P: Activation>(name: &str) -> Option<usize> {
    let head = P::LAYOUT.find_struct("PyObject").and_then(|head| head.size).expect("an object's header");
    let field = P::LAYOUT.find_struct("PyFrameObject").expect("a frame object").field(name)?;
    Some(field.offset - head)
}

/// Each accessor leads to CPython's field, and a new object's fields hold what CPython puts there.
fn frame_object_fields<P: Activation>() {
    let fields = ObjectFieldsOf::<P>::new();
    assert_eq!(Some(size_of_val(&fields)), behind_the_header::<P>("_f_frame_data"), "{}", P::NAME);
    lies_where::<P, _>(&fields, fields.frame(), "f_frame");
    lies_where::<P, _>(&fields, fields.line(), "f_lineno");
    assert_eq!(fields.line().get(), 0);
    for (field, start, name) in [
        (Some(fields.trace_lines()), 1, "f_trace_lines"),
        (Some(fields.trace_opcodes()), 0, "f_trace_opcodes"),
        (fields.fast_as_locals(), 0, "f_fast_as_locals"),
    ] {
        assert_eq!(field.is_some(), behind_the_header::<P>(name).is_some(), "{name} of {}", P::NAME);
        if let Some(field) = field {
            lies_where::<P, _>(&fields, field, name);
            assert_eq!(field.get(), start, "{name} of {}", P::NAME);
        }
    }
    for (field, name) in [
        (Some(fields.back()), "f_back"),
        (Some(fields.trace()), "f_trace"),
        (fields.extra_locals(), "f_extra_locals"),
        (fields.locals_cache(), "f_locals_cache"),
        (fields.overwritten(), "f_overwritten_fast_locals"),
    ] {
        assert_eq!(field.is_some(), behind_the_header::<P>(name).is_some(), "{name} of {}", P::NAME);
        if let Some(field) = field {
            lies_where::<P, _>(&fields, field, name);
            assert!(field.pointer().is_none(), "{name} of {}", P::NAME);
        }
    }
}

/// An order of a frame object names each of its references once, and no field that the version does not have.
fn frame_object_orders<P: Activation>() {
    let fields = ObjectFieldsOf::<P>::new();
    let mut there = vec![ObjectStep::OwnFrame, ObjectStep::Back, ObjectStep::Trace];
    there.extend(fields.extra_locals().map(|_| ObjectStep::ExtraLocals));
    there.extend(fields.locals_cache().map(|_| ObjectStep::LocalsCache));
    there.extend(fields.overwritten().map(|_| ObjectStep::Overwritten));
    for order in [P::Frames::OBJECT_CLEAR, P::Frames::OBJECT_TRAVERSE] {
        assert_eq!(order.len(), there.len(), "{}: {order:?}", P::NAME);
        assert!(there.iter().all(|step| order.contains(step)), "{}: {order:?}", P::NAME);
    }
}

/// Each step of an order, and what the oracle calls that which dies in it.
fn dead(step: ClearStep) -> &'static [&'static str] {
    match step {
        ClearStep::FrameObject => &[],
        ClearStep::SlotsAscending => &["a", "b", "c"],
        ClearStep::SlotsDescending => &["c", "b", "a"],
        ClearStep::Locals => &["locals"],
        ClearStep::Function => &["function"],
        ClearStep::Executable => &["executable"],
    }
}

/// What a frame object's own fields and its frame drop: when the object goes, or when its `clear()` is called.
fn deaths<P: Activation>(way: &str) -> Vec<&'static str> {
    let own = P::Frames::OWN_CLEAR;
    let (with_memory, own_first) = match own {
        [rest @ .., ClearStep::Executable] => (["executable"].as_slice(), rest),
        all => ([].as_slice(), all),
    };
    let goes = way == "dealloc";
    let mut deaths = Vec::new();
    for step in P::Frames::OBJECT_CLEAR {
        match step {
            ObjectStep::OwnFrame if goes => deaths.extend(own_first.iter().flat_map(|step| dead(*step))),
            ObjectStep::Back if goes => deaths.push("back"),
            ObjectStep::OwnFrame | ObjectStep::Back => {}
            ObjectStep::Trace => deaths.push("trace"),
            ObjectStep::ExtraLocals => deaths.push("extra_locals"),
            ObjectStep::LocalsCache => deaths.push("locals_cache"),
            ObjectStep::Overwritten => deaths.push("overwritten"),
        }
    }
    if goes {
        deaths.extend(with_memory);
    } else {
        let slots = |step: &&ClearStep| matches!(step, ClearStep::SlotsAscending | ClearStep::SlotsDescending);
        deaths.extend(own.iter().filter(slots).flat_map(|step| dead(*step)));
        // The mapping goes too where the object has fields for names.
        if P::Frames::OBJECT_CLEAR.contains(&ObjectStep::ExtraLocals) {
            deaths.push("locals");
        }
    }
    deaths
}

/// What was seen to die of the frame objects of a version (`tests/oracle/orders.py`) is what is declared, in that order.
fn agrees_with_interpreters(version: &str, way: &str, declared: &[&str]) {
    let mut unseen: BTreeSet<&str> = declared.iter().copied().collect();
    for path in files(&root().join("tests/vectors/orders"), "json") {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let value: serde_json::Value = serde_json::from_str(&text).expect("the oracle writes JSON");
        let release = value["python"].as_str().expect("a release");
        if release.rsplit_once('.').is_none_or(|(minor, _)| minor != version) {
            continue;
        }
        for row in value["orders"].as_array().expect("rows").iter().filter(|row| row["way"] == way) {
            let names = row["deaths"].as_array().expect("a list").iter();
            let found: Vec<&str> = names.map(|name| name.as_str().expect("a name")).collect();
            // A function has no mapping, a class no locals that are written from outside.
            let here: Vec<&str> = declared.iter().copied().filter(|name| found.contains(name)).collect();
            assert_eq!(found, here, "{release} {row}");
            unseen.retain(|name| !found.contains(name));
        }
    }
    assert!(unseen.is_empty(), "nobody saw in {version} when these die: {unseen:?}");
}

/// The order of a frame that lies in its object names what such a frame holds, each once.
fn own_order<P: Activation>() {
    let order = P::Frames::OWN_CLEAR;
    let others = P::Frames::CLEAR.iter().filter(|step| **step != ClearStep::FrameObject);
    // Slots go in the same direction as in an ending activation.
    assert!(others.clone().all(|step| order.contains(step)), "{}: {order:?}", P::NAME);
    assert_eq!(order.len(), others.count(), "{}: {order:?}", P::NAME);
}

/// Each offset is that of the field that the spec gives the role.
fn offsets<P: Activation>(spec: &Spec) {
    const FRAME: &str = "_PyInterpreterFrame";
    let minor: Minor = P::NAME.parse().expect("a version");
    let frame = P::LAYOUT.find_struct(FRAME).expect("a frame");
    let meaning = spec.meaning.frame(minor).expect("a frame");
    let of_role = |role| meaning.by_role(role, minor, Default::default()).and_then(|row| frame.field(&row.name));
    let found = InterpreterFrame::<Blank<P>>::OFFSETS;
    for (role, offset) in [
        ("executable", Some(found.executable)),
        ("function", Some(found.function)),
        ("globals", Some(found.globals)),
        ("builtins", Some(found.builtins)),
        ("locals", Some(found.locals)),
        ("frame_object", Some(found.frame_object)),
        ("previous", Some(found.previous)),
        ("instruction", Some(found.instruction)),
        ("stack_top", Some(found.stack_top)),
        ("return_offset", found.return_offset),
        ("owner", Some(found.owner)),
    ] {
        assert_eq!(offset, of_role(role).map(|field| field.offset), "{role} of {}", P::NAME);
    }
    // What is said of their types is so.
    let index = of_role("stack_top").is_some_and(|field| field.ty == "i32");
    assert_eq!(index, minor.minor <= 13, "{}", P::NAME);
    assert!(of_role("return_offset").is_none_or(|field| field.ty == "u16"), "{}", P::NAME);
    assert_eq!(of_role("owner").map(|field| field.ty), Some("i8"), "{}", P::NAME);
    for role in ["executable", "function"] {
        let tagged = of_role(role).is_some_and(|field| field.ty == "_PyStackRef");
        assert_eq!(tagged, P::Frames::TAGS != Tags::NONE, "{role} of {}", P::NAME);
    }
}

#[test]
fn a_jit_finds_the_fields_of_frames() {
    let (spec, _) = committed_spec();
    macro_rules! of_each {
        ($($version:ident)*) => {
            $( offsets::<frame_runtime::version::$version>(&spec); )*
        };
    }
    frame_runtime::for_each_activation!(of_each);
}

#[test]
fn frame_objects_die_as_in_interpreters() {
    macro_rules! of_each {
        ($($version:ident)*) => {
            $(
                own_order::<frame_runtime::version::$version>();
                for way in ["dealloc", "clear"] {
                    type Python = frame_runtime::version::$version;
                    agrees_with_interpreters(Python::NAME, way, &deaths::<Python>(way));
                }
            )*
        };
    }
    frame_runtime::for_each_activation!(of_each);
}

/// Until 3.10 the object is the frame.
#[test]
fn classic_frames_die_as_in_interpreters() {
    let (spec, _) = committed_spec();
    for version in ["3.8", "3.9", "3.10"] {
        let minor: Minor = version.parse().expect("a version");
        let frame = spec.meaning.layout_of("PyFrameObject", minor).expect("a frame");
        let order = frame.order(Purpose::Clear, minor).expect("an order");
        let dead = |(field, _): &(At<String>, _)| match field.value.as_str() {
            "f_localsplus" => ["a", "b", "c"].as_slice(),
            "f_back" => &["back"],
            "f_locals" => &["locals"],
            "f_trace" => &["trace"],
            "f_code" => &["executable"],
            _ => &[],
        };
        let declared: Vec<&str> = order.fields.iter().flat_map(dead).copied().collect();
        agrees_with_interpreters(version, "dealloc", &declared);
    }
}

/// The installed interpreters do what they were seen doing.
#[test]
fn installed_interpreters_drop_in_that_order() {
    ask_again("orders.py", "orders", "drops in another order now");
}

macro_rules! of_frame_objects {
    ($($version:ident)*) => {
        $(
            frame_object_fields::<frame_runtime::version::$version>();
            frame_object_orders::<frame_runtime::version::$version>();
        )*
    };
}

#[test]
fn fields_of_frame_objects_lie_where_cpythons_lie() {
    frame_runtime::for_each_activation!(of_frame_objects);
}
