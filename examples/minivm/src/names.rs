//! The names that the VM itself asks objects for.

use crate::object::Value;

macro_rules! names {
    ($($name:ident)*) => {
        /// Interned strings.
        #[allow(non_snake_case, reason = "names of the program")]
        pub(crate) struct Names {
            $(pub(crate) $name: Value,)*
        }

        impl Names {
            /// Asks for each of them.
            pub(crate) fn new(intern: impl Fn(&str) -> Value) -> Names {
                Names { $($name: intern(stringify!($name)),)* }
            }
        }
    };
}

names! {
    __aenter__ __aexit__ __enter__ __exit__ __class__ __classcell__ __init__ __name__ __module__ __qualname__ __builtins__
    __match_args__ __doc__ __file__ __main__ __dict__ __annotate__ __annotations__ __call__ keys

    __abs__ __add__ __aiter__ __and__ __anext__ __await__ __bool__ __contains__ __del__ __delattr__ __delete__
    __delitem__ __divmod__ __eq__ __float__ __floordiv__ __format__ __ge__ __get__ __getattr__ __getitem__ __gt__
    __hash__ __iadd__ __iand__ __ifloordiv__ __ilshift__ __imatmul__ __imod__ __imul__ __index__ __init_subclass__
    __instancecheck__ __int__ __invert__ __ior__ __ipow__ __irshift__ __isub__ __iter__ __itruediv__ __ixor__ __le__
    __len__ __lshift__ __lt__ __matmul__ __mod__ __mul__ __ne__ __neg__ __new__ __next__ __or__ __pos__ __pow__
    __radd__ __rand__ __repr__ __reversed__ __rfloordiv__ __rlshift__ __rmatmul__ __rmod__ __rmul__ __ror__
    __round__ __rpow__ __rrshift__ __rshift__ __rsub__ __rtruediv__ __rxor__ __set__ __set_name__ __setattr__
    __setitem__ __str__ __sub__ __truediv__ __xor__
}
