//! The builtin exceptions of CPython 3.14, and what each derives from. Groups are missing.

/// Declares [`Error`]: each name with the class that it derives from, which comes before it.
macro_rules! hierarchy {
    ($($name:ident: $base:ident,)*) => {
        /// The builtin exceptions, each after its base.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(clippy::enum_variant_names, reason = "the names are CPython's")]
        #[repr(u8)]
        pub(crate) enum Error {
            BaseException,
            $($name,)*
            /// What this VM cannot do: no class of the program's, nothing catches it. See [`refuse`](super::refuse).
            Refusal,
        }

        impl Error {
            /// All of them, in order.
            pub(crate) const ALL: &[Error] = &[Error::BaseException, $(Error::$name,)* Error::Refusal];

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    Error::BaseException => "BaseException",
                    $(Error::$name => stringify!($name),)*
                    Error::Refusal => "Refusal",
                }
            }

            /// What it derives from. `BaseException` derives from `object`, and so does what is none of Python's.
            pub(crate) const fn base(self) -> Option<Error> {
                match self {
                    Error::BaseException | Error::Refusal => None,
                    $(Error::$name => Some(Error::$base),)*
                }
            }
        }
    };
}

hierarchy! {
    GeneratorExit: BaseException,
    KeyboardInterrupt: BaseException,
    SystemExit: BaseException,
    Exception: BaseException,
    ArithmeticError: Exception,
    FloatingPointError: ArithmeticError,
    OverflowError: ArithmeticError,
    ZeroDivisionError: ArithmeticError,
    AssertionError: Exception,
    AttributeError: Exception,
    BufferError: Exception,
    EOFError: Exception,
    ImportError: Exception,
    ModuleNotFoundError: ImportError,
    LookupError: Exception,
    IndexError: LookupError,
    KeyError: LookupError,
    MemoryError: Exception,
    NameError: Exception,
    UnboundLocalError: NameError,
    OSError: Exception,
    BlockingIOError: OSError,
    ChildProcessError: OSError,
    ConnectionError: OSError,
    BrokenPipeError: ConnectionError,
    ConnectionAbortedError: ConnectionError,
    ConnectionRefusedError: ConnectionError,
    ConnectionResetError: ConnectionError,
    FileExistsError: OSError,
    FileNotFoundError: OSError,
    InterruptedError: OSError,
    IsADirectoryError: OSError,
    NotADirectoryError: OSError,
    PermissionError: OSError,
    ProcessLookupError: OSError,
    TimeoutError: OSError,
    ReferenceError: Exception,
    RuntimeError: Exception,
    NotImplementedError: RuntimeError,
    PythonFinalizationError: RuntimeError,
    RecursionError: RuntimeError,
    StopAsyncIteration: Exception,
    StopIteration: Exception,
    SyntaxError: Exception,
    IndentationError: SyntaxError,
    TabError: IndentationError,
    SystemError: Exception,
    TypeError: Exception,
    ValueError: Exception,
    UnicodeError: ValueError,
    UnicodeDecodeError: UnicodeError,
    UnicodeEncodeError: UnicodeError,
    UnicodeTranslateError: UnicodeError,
    Warning: Exception,
    BytesWarning: Warning,
    DeprecationWarning: Warning,
    EncodingWarning: Warning,
    FutureWarning: Warning,
    ImportWarning: Warning,
    PendingDeprecationWarning: Warning,
    ResourceWarning: Warning,
    RuntimeWarning: Warning,
    SyntaxWarning: Warning,
    UnicodeWarning: Warning,
    UserWarning: Warning,
}

impl Error {
    /// Whether it is `base` or derives from it.
    #[inline]
    pub(crate) fn derives_from(self, base: Error) -> bool {
        let mut current = Some(self);
        while let Some(error) = current {
            if error == base {
                return true;
            }
            current = error.base();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn each_comes_after_its_base() {
        for (index, error) in Error::ALL.iter().enumerate() {
            assert_eq!(*error as usize, index, "{error:?}");
            assert!(error.base().is_none_or(|base| (base as usize) < index), "{error:?}");
        }
        assert!(Error::ModuleNotFoundError.derives_from(Error::Exception));
        assert!(!Error::KeyError.derives_from(Error::IndexError));
    }
}
