"""Writes src/known.rs: the attributes that CPython 3.14's builtin types, and the module sys, have.

Run by python3.14: `python3.14 -I -S tools/known.py > src/known.rs`
"""

import builtins
import sys
import textwrap
import types


def generator():
    yield


async def coroutine():
    pass


async def async_generator():
    yield


def cell():
    return generator_code
generator_code = generator.__code__


def all_types():
    """Every builtin type that a program of the VM can meet, by its name."""
    waiting = coroutine()
    wrapper = waiting.__await__()
    asend, athrow = async_generator().asend(None), async_generator().athrow(ValueError)
    default = anext(async_generator(), None)
    objects = [
        None, NotImplemented, ..., 1, True, 1.0, "", b"", (), [], {}, {}.keys(), {}.values(), {}.items(), set(),
        frozenset(), range(0), slice(0), all_types, len, [].append, list.append, object.__init__, object().__init__,
        textwrap.TextWrapper().fill, cell.__code__, sys._getframe(), types.CellType(), sys._getframe().f_locals, sys,
        property(), staticmethod(len), classmethod(len), super(int, 1), enumerate([]), zip(), map(len, []),
        filter(len, []), reversed(()), generator(), waiting, async_generator(), wrapper, asend, athrow, default,
        iter([]), reversed([]), iter(()), iter("\u00e9"), iter(""), iter(b""), iter(range(0)), iter(range(2**70)),
        iter({}), iter({}.values()), iter({}.items()), reversed({}), reversed({}.values()), reversed({}.items()),
        iter(set()), iter(len, 0), object(), object,
    ]
    found = [type(object) for object in objects] + [types.TracebackType, types.MappingProxyType, types.GetSetDescriptorType]
    found += [value for value in vars(builtins).values() if isinstance(value, type)]

    class Sequence:
        def __getitem__(self, index):
            raise IndexError

    found.append(type(iter(Sequence())))
    for awaitable in asend, athrow, default, waiting:
        awaitable.close()
    return {found.__name__: found for found in found}


def write_table(name, doc, rows):
    print(f"\n/// {doc}\nstatic {name}: &[(&str, &[&str])] = &[")
    for key, names in sorted(rows.items()):
        text = ", ".join(f'"{name}"' for name in sorted(names))
        print(f'    ("{key}", &[')
        print(textwrap.fill(text, 112, initial_indent=" " * 8, subsequent_indent=" " * 8) + ",")
        print("    ]),")
    print("];")


def main():
    print("//! What CPython 3.14's builtin types and its module `sys` have: what is here and not in the VM is refused, it is no")
    print("//! `AttributeError`.")
    print("// Written by tools/known.py; do not edit.")
    print("#![cfg_attr(rustfmt, rustfmt_skip)]")
    write_table("TYPES", "The attributes that each type defines itself, by the type's name; both sorted.",
                {name: vars(found) for name, found in all_types().items()})
    write_table("MODULES", "The same of modules.", {"sys": [name for name in dir(sys) if name.isidentifier()]})
    print(FUNCTIONS)


FUNCTIONS = """
/// The attributes of a type, without those of its base.
pub(crate) fn of(type_name: &str) -> &'static [&'static str] {
    row(TYPES, type_name)
}

/// The attributes of a module.
pub(crate) fn of_module(module: &str) -> &'static [&'static str] {
    row(MODULES, module)
}

/// Whether CPython's type of this name defines the attribute itself.
pub(crate) fn has(type_name: &str, attribute: &str) -> bool {
    of(type_name).binary_search(&attribute).is_ok()
}

/// Whether CPython's module has it.
pub(crate) fn has_in_module(module: &str, attribute: &str) -> bool {
    of_module(module).binary_search(&attribute).is_ok()
}

fn row(table: &'static [(&'static str, &'static [&'static str])], key: &str) -> &'static [&'static str] {
    table.binary_search_by_key(&key, |row| row.0).map_or(&[], |index| table[index].1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_are_sorted() {
        for table in [super::TYPES, super::MODULES] {
            assert!(table.is_sorted_by_key(|row| row.0));
            assert!(table.iter().all(|row| row.1.is_sorted()));
        }
        assert!(super::has("list", "append") && !super::has("list", "push"));
    }
}"""

main()
