//! Opcodes: names, numbers, the table of what is known of each, stack effects.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

use super::{Body, Module};
use crate::model::facts::{Argument, Opcode};
use crate::model::formula::{Formula, Operator};

/// `opcode.rs` of one layout.
pub(super) fn emit(module: &Module<'_>) -> Body {
    let (opcodes, runtime) = (&module.facts.content.opcodes, &module.runtime);
    let version = module.version();
    let doc = format!(" An opcode of CPython {version}: always one that this version has.");
    let constants = opcodes.iter().map(|opcode| {
        let (name, number) = (format_ident!("{}", opcode.name.value), byte(opcode.number.value));
        let doc = match &opcode.deopt {
            Some(base) => format!(" Stands for [`{base}`](Self::{base})."),
            None => format!(" `{}`", opcode.name),
        };
        quote! {
            #[doc = #doc]
            pub const #name: Opcode = Opcode(#number);
        }
    });
    let mut items = vec![quote! {
        use #runtime::number::UnknownNumber;
        use #runtime::opcode::{Argument, OpcodeInfo};
    }];
    items.push(quote! {
        #[doc = #doc]
        ///
        /// Constants of this type can be patterns of a `match`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct Opcode(u8);
    });
    items.push(quote! {
        impl Opcode {
            #(#constants)*
        }
    });
    let (uses_argument, uses_jump, effects) = effects(module);
    let arg = if uses_argument { quote!(let arg = i64::from(argument);) } else { quote!(let _ = argument;) };
    let jump = (!uses_jump).then(|| quote!(let _ = jump;));
    items.push(quote! {
        impl Opcode {
            /// The opcode of a byte of code.
            ///
            /// # Errors
            ///
            /// [`UnknownNumber`] when this version has no such opcode.
            #[inline]
            pub const fn from_u8(number: u8) -> Result<Self, UnknownNumber> {
                match TABLE[number as usize] {
                    Some(_) => Ok(Opcode(number)),
                    None => Err(UnknownNumber { name: "opcode", version: #version, raw: number as i64 }),
                }
            }

            /// The number.
            pub const fn number(self) -> u8 {
                self.0
            }

            /// What is known of it.
            #[inline]
            pub const fn info(self) -> &'static OpcodeInfo {
                match &TABLE[self.0 as usize] {
                    Some(info) => info,
                    None => panic!("an opcode has a row"),
                }
            }

            /// CPython's name.
            pub const fn name(self) -> &'static str {
                self.info().name
            }

            /// What its argument is.
            pub const fn argument(self) -> Argument {
                self.info().argument
            }

            /// Code units of inline cache that follow.
            pub const fn caches(self) -> u8 {
                self.info().caches
            }

            /// The opcode that it stands for; itself unless it is specialised or instrumented.
            pub const fn deopt(self) -> Opcode {
                Opcode(self.info().base)
            }

            /// How the depth of the stack changes, in entries: when the next instruction follows, or when it jumps.
            ///
            /// For a specialised or instrumented opcode that of the one it stands for. `None` where CPython tells none.
            pub fn stack_effect(self, argument: u32, jump: bool) -> Option<i64> {
                #arg
                #jump
                Some(match self.deopt() {
                    #effects
                    _ => return None,
                })
            }
        }
    });
    items.push(quote! {
        impl core::fmt::Debug for Opcode {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }
    });
    items.push(quote! {
        impl TryFrom<u8> for Opcode {
            type Error = UnknownNumber;

            fn try_from(number: u8) -> Result<Self, UnknownNumber> {
                Opcode::from_u8(number)
            }
        }
    });
    let by_number: BTreeMap<u64, &Opcode> = opcodes.iter().map(|opcode| (opcode.number.value, opcode)).collect();
    let rows = (0..256_u64).map(|number| match by_number.get(&number) {
        Some(opcode) => table_row(module, opcode),
        None => quote!(None),
    });
    items.push(quote! {
        const fn row(name: &'static str, number: u8, argument: Argument, caches: u8, base: u8) -> Option<OpcodeInfo> {
            Some(OpcodeInfo::new(name, number, argument, caches, base))
        }
    });
    items.push(quote! {
        /// Every opcode by its number.
        pub(crate) static TABLE: [Option<OpcodeInfo>; 256] = [#(#rows),*];
    });
    Body { title: format!("Opcodes of {}.", module.facts.title()), items }
}

fn byte(number: u64) -> Literal {
    Literal::u64_unsuffixed(number)
}

/// Name, number, argument, caches, base; the argument and caches of a form that stands for another are the other's.
fn table_row(module: &Module<'_>, opcode: &Opcode) -> TokenStream {
    let base = opcode.deopt.as_ref().and_then(|base| module.facts.find_opcode(base)).unwrap_or(opcode);
    let argument = match base.argument.as_ref().map(|argument| argument.value) {
        None => quote!(None),
        Some(Argument::Integer) => quote!(Integer),
        Some(Argument::Const) => quote!(Const),
        Some(Argument::Name) => quote!(Name),
        Some(Argument::Local) => quote!(Local),
        Some(Argument::Free) => quote!(Free),
        Some(Argument::Compare) => quote!(Compare),
        Some(Argument::JumpForward) => quote!(JumpForward),
        Some(Argument::JumpBackward) => quote!(JumpBackward),
        Some(Argument::JumpAbsolute) => quote!(JumpAbsolute),
    };
    let name = &opcode.name.value;
    let (number, caches, base) = (byte(opcode.number.value), byte(base.caches.value), byte(base.number.value));
    quote!(row(#name, #number, Argument::#argument, #caches, #base))
}

/// The arms of the match, opcodes of the same effect together; and whether any looks at the argument or the jump.
fn effects(module: &Module<'_>) -> (bool, bool, TokenStream) {
    let minor = module.facts.version.value;
    let mut arms: Vec<(String, TokenStream, Vec<&str>)> = Vec::new();
    let (mut uses_argument, mut uses_jump) = (false, false);
    for opcode in module.facts.content.opcodes.iter().filter(|opcode| opcode.deopt.is_none()) {
        let Some(row) = module.spec.observed.effect(&opcode.name, minor) else { continue };
        let Some(fall) = row.fall.as_ref().map(|fall| rust(fall)) else { continue };
        uses_jump |= row.jump.is_some();
        let value = match row.jump.as_ref().map(|jump| rust(jump)) {
            Some(jump) => quote!(if jump { #jump } else { #fall }),
            None => fall,
        };
        let text = value.to_string();
        uses_argument |= text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "arg");
        match arms.iter_mut().find(|(known, ..)| *known == text) {
            Some((_, _, names)) => names.push(&opcode.name),
            None => arms.push((text, value, vec![&opcode.name])),
        }
    }
    let arms = arms.iter().map(|(_, value, names)| {
        let names = names.iter().map(|name| format_ident!("{name}"));
        quote!(#(Opcode::#names)|* => #value,)
    });
    (uses_argument, uses_jump, quote!(#(#arms)*))
}

/// A formula in 64-bit arithmetic, which no 32-bit argument can leave.
fn rust(formula: &Formula) -> TokenStream {
    match formula {
        Formula::Number(number) => {
            let number = Literal::i32_unsuffixed(*number);
            quote!(#number)
        }
        Formula::Argument => quote!(arg),
        Formula::Negate(inner) => {
            let inner = operand(inner);
            quote!(-#inner)
        }
        Formula::Popcount(inner) => {
            let inner = rust(inner);
            quote!(i64::from((#inner).count_ones()))
        }
        Formula::Binary(operator, left, right) => {
            let (left, right) = (operand(left), operand(right));
            let operator = match operator {
                Operator::Add => quote!(+),
                Operator::Subtract => quote!(-),
                Operator::Multiply => quote!(*),
                Operator::ShiftRight => quote!(>>),
                Operator::And => quote!(&),
                Operator::Equal => quote!(==),
                Operator::NotEqual => quote!(!=),
                Operator::Less => quote!(<),
                Operator::GreaterEqual => quote!(>=),
            };
            quote!(#left #operator #right)
        }
        Formula::If(condition, yes, no) => {
            let (condition, yes, no) = (rust(condition), rust(yes), rust(no));
            quote!(if #condition { #yes } else { #no })
        }
    }
}

/// Parentheses around everything that is not one piece.
fn operand(formula: &Formula) -> TokenStream {
    let tokens = rust(formula);
    match formula {
        Formula::Number(_) | Formula::Argument | Formula::Popcount(_) => tokens,
        _ => quote!((#tokens)),
    }
}
