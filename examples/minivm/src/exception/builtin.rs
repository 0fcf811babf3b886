//! What the builtin exceptions do with their arguments: `__init__`, `__str__`, `__repr__`, their methods and attributes.

use std::cell::{Cell, RefCell};

use super::{Error, Exception, args, as_exception, builtin_base, check_traceback, new_args, refuse, type_error};
use crate::class::{self, slot_arguments};
use crate::dict::{as_dict, new_dict};
use crate::object::{Args, Builtin, NONE, Object, Outcome, Stack, Value, boolean, list, string, tuple};
use crate::sequence::as_list;
use crate::text::as_str;
use crate::{attribute, protocol};

/// An exception of a class that derives from the builtin `error`, as its constructor leaves it.
pub(super) fn make(class: &Value, error: Error, args: &[Value]) -> Value {
    let exception = Exception {
        class: class.clone(),
        args: new_args(args),
        context: RefCell::new(None),
        cause: RefCell::new(None),
        suppress_context: Cell::new(false),
        traceback: RefCell::new(None),
        members: RefCell::new(Vec::new()),
        attributes: RefCell::new(None),
    };
    set_members(&exception, error, args);
    let exception = Box::new(exception);
    Value::new_with(|| Object::Exception(exception))
}

/// Calls a builtin class, with nothing of the program's in between: `__new__` and `__init__` in one.
pub(crate) fn construct(stack: &Stack, class: &Value, args: Args<'_>) -> Outcome {
    let error = builtin_base(class);
    check_supported(stack, error, args.positional.len())?;
    if args.keywords.is_empty() {
        return Ok(make(class, error, args.positional));
    }
    let exception = allocate(stack, class, args)?;
    initialize(stack, &exception, args)?;
    Ok(exception)
}

/// `BaseException.__new__`: an exception with these arguments. Keywords are for `__init__`.
pub(crate) fn allocate(stack: &Stack, class: &Value, args: Args<'_>) -> Outcome {
    let error = builtin_base(class);
    check_supported(stack, error, args.positional.len())?;
    // Members are set by `__init__`, which a class of the program may have replaced. `StopIteration` and its like are as
    // useful without: what is not set is `None`.
    Ok(make(class, Error::BaseException, args.positional))
}

/// Some classes take their arguments apart in ways that this VM does not know.
fn check_supported(stack: &Stack, error: Error, given: usize) -> Outcome<()> {
    let unicode = [Error::UnicodeDecodeError, Error::UnicodeEncodeError, Error::UnicodeTranslateError];
    if unicode.contains(&error) {
        return Err(refuse(stack, format!("making a {}", error.name())));
    }
    if given > 1 && (error.derives_from(Error::OSError) || error.derives_from(Error::SyntaxError)) {
        return Err(refuse(stack, format!("{}() with several arguments", error.name())));
    }
    Ok(())
}

/// `__init__` of the builtin class that this exception is of or derives from.
pub(crate) fn initialize(stack: &Stack, object: &Value, args: Args<'_>) -> Outcome<()> {
    let Some(exception) = as_exception(object) else { return Ok(()) };
    let error = builtin_base(&exception.class);
    check_supported(stack, error, args.positional.len())?;
    let keywords = keywords_of(stack, exception, error, args.keywords)?;
    drop(exception.args.replace(tuple(args.positional)));
    set_members(exception, error, args.positional);
    for (name, value) in keywords {
        exception.set_member(name, Some(value));
    }
    Ok(())
}

/// What each member is after `__init__` without keywords.
fn set_members(exception: &Exception, error: Error, args: &[Value]) {
    let first = args.first().cloned();
    if error.derives_from(Error::StopIteration) {
        exception.set_member("value", first);
    } else if error.derives_from(Error::SystemExit) {
        let all = |_| exception.args.borrow().clone();
        exception.set_member("code", if args.len() < 2 { first } else { first.map(all) });
    } else if error.derives_from(Error::ImportError) {
        exception.set_member("msg", first.filter(|_| args.len() == 1));
    } else if error.derives_from(Error::SyntaxError) {
        exception.set_member("msg", first);
    }
}

/// The members that a builtin class has, and whether they are keywords of its `__init__`.
fn members_of(error: Error) -> &'static [(&'static str, bool)] {
    const ROWS: &[(Error, &[(&str, bool)])] = &[
        (Error::StopIteration, &[("value", false)]),
        (Error::SystemExit, &[("code", false)]),
        (Error::NameError, &[("name", true)]),
        (Error::AttributeError, &[("name", true), ("obj", true)]),
        (Error::ImportError, &[("msg", false), ("name", true), ("path", true), ("name_from", true)]),
        (Error::SyntaxError, &[("msg", false)]),
    ];
    ROWS.iter().find(|row| error.derives_from(row.0)).map_or(&[], |row| row.1)
}

/// Members that are taken from two arguments or more, with which none is made here.
fn members_without_value(error: Error) -> &'static [&'static str] {
    match error {
        error if error.derives_from(Error::OSError) => &["errno", "strerror", "filename", "filename2"],
        error if error.derives_from(Error::SyntaxError) => {
            &["filename", "lineno", "offset", "text", "end_lineno", "end_offset", "print_file_and_line"]
        }
        _ => &[],
    }
}

/// The keywords of `__init__`, each with the member that it sets.
fn keywords_of(
    stack: &Stack,
    exception: &Exception,
    error: Error,
    keywords: &[(Value, Value)],
) -> Outcome<Vec<(&'static str, Value)>> {
    if keywords.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<&'static str> = members_of(error).iter().filter(|row| row.1).map(|row| row.0).collect();
    // The class that takes keywords, whatever derives from it.
    let owner = match error {
        error if error.derives_from(Error::NameError) => "NameError",
        error if error.derives_from(Error::ImportError) => "ImportError",
        error => error.name(),
    };
    if known.is_empty() {
        let name = class::class_name(&exception.class);
        return Err(type_error(stack, format!("{name}() takes no keyword arguments")));
    }
    if keywords.len() > known.len() {
        let plural = if known.len() == 1 { "" } else { "s" };
        let (most, given) = (known.len(), keywords.len());
        let text = format!("{owner}() takes at most {most} keyword argument{plural} ({given} given)");
        return Err(type_error(stack, text));
    }
    let find = |(name, value): &(Value, Value)| {
        let name = as_str(name).map_or("", |name| name.as_str());
        match known.iter().find(|known| **known == name) {
            Some(known) => Ok((*known, value.clone())),
            None => Err(type_error(stack, format!("{owner}() got an unexpected keyword argument '{name}'"))),
        }
    };
    keywords.iter().map(find).collect()
}

/// `BaseException.__repr__`: the name of the class and the arguments.
pub(super) fn repr(stack: &Stack, exception: &Value) -> Outcome<String> {
    let Some(own) = as_exception(exception) else { return Ok(String::new()) };
    let name = class::class_name(&own.class);
    match &args(own)[..] {
        [one] => Ok(format!("{name}({})", protocol::repr(stack, one)?)),
        _ => {
            let all = own.args.borrow().clone();
            Ok(format!("{name}{}", protocol::repr(stack, &all)?))
        }
    }
}

/// `BaseException.__str__`, and those of the builtin classes that have their own.
pub(super) fn text(stack: &Stack, exception: &Value) -> Outcome<String> {
    let Some(own) = as_exception(exception) else { return Ok(String::new()) };
    let error = builtin_base(&own.class);
    if error.derives_from(Error::ImportError)
        && let Some(message) = own.member("msg")
        && let Some(message) = as_str(&message)
    {
        return Ok(message.as_str().to_owned());
    }
    if error.derives_from(Error::SyntaxError) {
        return protocol::text(stack, &own.member("msg").unwrap_or(NONE));
    }
    match &args(own)[..] {
        [] => Ok(String::new()),
        [key] if error.derives_from(Error::KeyError) => protocol::repr(stack, key),
        [one] => protocol::text(stack, one),
        _ => {
            let all = own.args.borrow().clone();
            protocol::repr(stack, &all)
        }
    }
}

/// An attribute that all exceptions have, or a member of its builtin class. `None`: there is none by this name.
pub(crate) fn get_attribute(object: &Value, name: &str) -> Option<Value> {
    let exception = as_exception(object)?;
    let or_none = |value: &RefCell<Option<Value>>| value.borrow().clone().unwrap_or(NONE);
    let value = match name {
        "args" => exception.args.borrow().clone(),
        "__traceback__" => or_none(&exception.traceback),
        "__context__" => or_none(&exception.context),
        "__cause__" => or_none(&exception.cause),
        "__suppress_context__" => boolean(exception.suppress_context.get()),
        "__dict__" => dict_of(exception),
        _ => {
            let error = builtin_base(&exception.class);
            if members_without_value(error).contains(&name) {
                return Some(NONE);
            }
            members_of(error).iter().find(|row| row.0 == name)?;
            exception.member(name).unwrap_or(NONE)
        }
    };
    Some(value)
}

/// The `__dict__` of an exception, made now if it has none yet.
pub(crate) fn dict_of(exception: &Exception) -> Value {
    exception.attributes.borrow_mut().get_or_insert_with(new_dict).clone()
}

/// Sets such an attribute. `None`: there is none by this name.
pub(crate) fn set_attribute(stack: &Stack, object: &Value, name: &str, value: &Value) -> Option<Outcome<()>> {
    let exception = as_exception(object)?;
    let set = match name {
        "args" => protocol::collect(stack, value).map(|items| {
            drop(exception.args.replace(tuple(items)));
        }),
        "__traceback__" => check_traceback(stack, value).map(|value| {
            drop(exception.traceback.replace(value));
        }),
        "__context__" => check_exception(stack, value, "context").map(|value| {
            drop(exception.context.replace(value));
        }),
        "__cause__" => check_exception(stack, value, "cause").map(|value| {
            drop(exception.cause.replace(value));
            exception.suppress_context.set(true);
        }),
        "__suppress_context__" => match protocol::as_bool(value) {
            Some(value) => {
                exception.suppress_context.set(value);
                Ok(())
            }
            None => Err(type_error(stack, "attribute value type must be bool")),
        },
        "__dict__" if as_dict(value).is_some() => {
            drop(exception.attributes.replace(Some(value.clone())));
            Ok(())
        }
        "__dict__" => {
            let name = class::type_name(stack.vm(), value);
            Err(type_error(stack, format!("__dict__ must be set to a dictionary, not a '{name}'")))
        }
        _ => {
            let (name, _) = members_of(builtin_base(&exception.class)).iter().find(|row| row.0 == name)?;
            exception.set_member(name, Some(value.clone()));
            Ok(())
        }
    };
    Some(set)
}

/// Deletes such an attribute: members are `None` afterwards, most others stay.
pub(crate) fn delete_attribute(stack: &Stack, object: &Value, name: &str) -> Option<Outcome<()>> {
    let exception = as_exception(object)?;
    match name {
        "args" | "__traceback__" | "__context__" | "__cause__" => {
            Some(Err(type_error(stack, format!("{name} may not be deleted"))))
        }
        "__suppress_context__" => Some(Err(type_error(stack, "can't delete numeric/char attribute"))),
        "__dict__" => {
            drop(exception.attributes.take());
            Some(Ok(()))
        }
        _ => {
            let (name, _) = members_of(builtin_base(&exception.class)).iter().find(|row| row.0 == name)?;
            exception.set_member(name, None);
            Some(Ok(()))
        }
    }
}

/// What `__context__` and `__cause__` may be set to.
fn check_exception(stack: &Stack, value: &Value, what: &str) -> Outcome<Option<Value>> {
    if *value == NONE {
        Ok(None)
    } else if as_exception(value).is_some() {
        Ok(Some(value.clone()))
    } else {
        Err(type_error(stack, format!("exception {what} must be None or derive from BaseException")))
    }
}

/// Methods of all exceptions.
pub(crate) static METHODS: &[Builtin] = &[
    Builtin { name: "__init__", is_method: true, call: init },
    Builtin { name: "__new__", is_method: false, call: new },
    Builtin { name: "__repr__", is_method: true, call: repr_method },
    Builtin { name: "__str__", is_method: true, call: str_method },
    Builtin { name: "add_note", is_method: true, call: add_note },
    Builtin { name: "with_traceback", is_method: true, call: with_traceback },
];

fn init(stack: &Stack, args: Args<'_>) -> Outcome {
    let Some((object, rest)) = args.positional.split_first().filter(|(object, _)| as_exception(object).is_some())
    else {
        return Err(wrong_receiver(stack, "__init__", args));
    };
    initialize(stack, object, Args { positional: rest, keywords: args.keywords })?;
    Ok(NONE)
}

/// `BaseException.__new__(class, *args)`, as a `__new__` of the program calls it.
fn new(stack: &Stack, args: Args<'_>) -> Outcome {
    let Some((class, rest)) = args.positional.split_first() else {
        return Err(type_error(stack, "BaseException.__new__(): not enough arguments"));
    };
    if class::as_class(class).is_none() {
        let name = class::type_name(stack.vm(), class);
        return Err(type_error(stack, format!("BaseException.__new__(X): X is not a type object ({name})")));
    }
    if !super::is_exception_class(class) {
        let name = class::class_name(class);
        let text = format!("BaseException.__new__({name}): {name} is not a subtype of BaseException");
        return Err(type_error(stack, text));
    }
    allocate(stack, class, Args { positional: rest, keywords: args.keywords })
}

fn repr_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = slot_arguments(stack, "__repr__", "BaseException", args)?;
    match as_exception(object) {
        Some(_) => Ok(string(repr(stack, object)?)),
        None => Err(wrong_receiver(stack, "__repr__", args)),
    }
}

fn str_method(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object] = slot_arguments(stack, "__str__", "BaseException", args)?;
    match as_exception(object) {
        Some(_) => Ok(string(text(stack, object)?)),
        None => Err(wrong_receiver(stack, "__str__", args)),
    }
}

/// `descriptor '__str__' requires a 'BaseException' object but received a 'int'`
fn wrong_receiver(stack: &Stack, name: &str, args: Args<'_>) -> Value {
    class::wrong_receiver(stack, name, "BaseException", args)
}

fn with_traceback(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, traceback] = method_arguments(stack, "with_traceback", args)?;
    let traceback = check_traceback(stack, traceback)?;
    if let Some(exception) = as_exception(object) {
        drop(exception.traceback.replace(traceback));
    }
    Ok(object.clone())
}

fn add_note(stack: &Stack, args: Args<'_>) -> Outcome {
    let [object, note] = method_arguments(stack, "add_note", args)?;
    if as_str(note).is_none() {
        let name = class::type_name(stack.vm(), note);
        return Err(type_error(stack, format!("add_note() argument must be str, not {name}")));
    }
    add_note_to(stack, object, note)?;
    Ok(NONE)
}

/// `exception.add_note(text)`, for the VM's own notes.
pub(crate) fn note(stack: &Stack, exception: &Value, text: &str) -> Outcome<()> {
    add_note_to(stack, exception, &string(text))
}

fn add_note_to(stack: &Stack, object: &Value, note: &Value) -> Outcome<()> {
    let name = stack.vm().name("__notes__");
    let notes = match attribute::find(stack, object, &name)? {
        Some(notes) => notes,
        None => {
            let notes = list(Vec::new());
            attribute::set(stack, object, &name, notes.clone())?;
            notes
        }
    };
    match as_list(&notes) {
        Some(notes) => notes.borrow_mut().push(note.clone()),
        None => return Err(type_error(stack, "Cannot add note: __notes__ is not a list")),
    }
    Ok(())
}

/// An exception and the one argument of its method.
fn method_arguments<'a>(stack: &Stack, name: &str, args: Args<'a>) -> Outcome<&'a [Value; 2]> {
    if args.positional.first().is_none_or(|object| as_exception(object).is_none()) {
        return Err(class::wrong_receiver(stack, name, "BaseException", args));
    }
    if !args.keywords.is_empty() {
        return Err(type_error(stack, format!("BaseException.{name}() takes no keyword arguments")));
    }
    args.positional.try_into().map_err(|_| {
        let given = args.positional.len() - 1;
        type_error(stack, format!("BaseException.{name}() takes exactly one argument ({given} given)"))
    })
}
