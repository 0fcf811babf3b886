//! The numbers of the opcodes that the loop knows, from the facts of 3.14, as patterns.

use frame_runtime::v3_14::opcode::Opcode;

macro_rules! opcodes {
    ($($name:ident)*) => {
        $(pub(crate) const $name: u8 = Opcode::$name.number();)*
    };
}

opcodes! {
    BINARY_OP
    BINARY_SLICE
    BUILD_LIST
    BUILD_MAP
    BUILD_SET
    BUILD_SLICE
    BUILD_STRING
    BUILD_TUPLE
    CALL
    CALL_FUNCTION_EX
    CALL_INTRINSIC_1
    CALL_KW
    CHECK_EXC_MATCH
    CLEANUP_THROW
    COMPARE_OP
    CONTAINS_OP
    CONVERT_VALUE
    COPY
    COPY_FREE_VARS
    DELETE_ATTR
    DELETE_DEREF
    DELETE_FAST
    DELETE_GLOBAL
    DELETE_NAME
    DELETE_SUBSCR
    DICT_MERGE
    DICT_UPDATE
    END_ASYNC_FOR
    END_FOR
    END_SEND
    EXIT_INIT_CHECK
    EXTENDED_ARG
    FORMAT_SIMPLE
    FORMAT_WITH_SPEC
    FOR_ITER
    GET_AITER
    GET_ANEXT
    GET_AWAITABLE
    GET_ITER
    GET_LEN
    GET_YIELD_FROM_ITER
    IMPORT_FROM
    IMPORT_NAME
    IS_OP
    JUMP_BACKWARD
    JUMP_BACKWARD_NO_INTERRUPT
    JUMP_FORWARD
    LIST_APPEND
    LIST_EXTEND
    LOAD_ATTR
    LOAD_BUILD_CLASS
    LOAD_COMMON_CONSTANT
    LOAD_CONST
    LOAD_DEREF
    LOAD_FAST
    LOAD_FAST_AND_CLEAR
    LOAD_FAST_BORROW
    LOAD_FAST_BORROW_LOAD_FAST_BORROW
    LOAD_FAST_CHECK
    LOAD_FAST_LOAD_FAST
    LOAD_FROM_DICT_OR_DEREF
    LOAD_FROM_DICT_OR_GLOBALS
    LOAD_GLOBAL
    LOAD_LOCALS
    LOAD_NAME
    LOAD_SMALL_INT
    LOAD_SPECIAL
    LOAD_SUPER_ATTR
    MAKE_CELL
    MAKE_FUNCTION
    MAP_ADD
    MATCH_CLASS
    MATCH_KEYS
    MATCH_MAPPING
    MATCH_SEQUENCE
    NOP
    NOT_TAKEN
    POP_EXCEPT
    POP_ITER
    POP_JUMP_IF_FALSE
    POP_JUMP_IF_NONE
    POP_JUMP_IF_NOT_NONE
    POP_JUMP_IF_TRUE
    POP_TOP
    PUSH_EXC_INFO
    PUSH_NULL
    RAISE_VARARGS
    RERAISE
    RESUME
    RETURN_GENERATOR
    RETURN_VALUE
    SEND
    SET_ADD
    SET_FUNCTION_ATTRIBUTE
    SET_UPDATE
    STORE_ATTR
    STORE_DEREF
    STORE_FAST
    STORE_FAST_LOAD_FAST
    STORE_FAST_STORE_FAST
    STORE_GLOBAL
    STORE_NAME
    STORE_SLICE
    STORE_SUBSCR
    SWAP
    TO_BOOL
    UNARY_INVERT
    UNARY_NEGATIVE
    UNARY_NOT
    UNPACK_EX
    UNPACK_SEQUENCE
    WITH_EXCEPT_START
    YIELD_VALUE
}

/// What is left of a call of `send` whose body yielded, in the inline cache of the `CALL`; see [`send`](crate::send). CPython
/// has no opcodes with these numbers.
pub(crate) const SENT: u8 = 126;
/// The same where the body returned.
pub(crate) const STOPPED: u8 = 127;

const _: () = assert!(Opcode::from_u8(SENT).is_err() && Opcode::from_u8(STOPPED).is_err());

/// Every number that the loop has no instruction for, as a pattern. With these the loop's `match` has all 256, and need not look
/// whether a number is in its table: 5 percent of a call. The compiler says if one is missing here, or too many.
#[rustfmt::skip]
macro_rules! others {
    () => {
        0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 18 | 19 | 20 | 21 | 22 | 23 | 24 | 25
        | 26 | 29 | 32 | 36 | 37 | 38 | 40 | 41 | 42 | 43 | 45 | 46 | 47 | 48 | 49 | 50 | 51 | 53 | 54 | 55 | 57 | 58
        | 60 | 61 | 62 | 63 | 64 | 65 | 66 | 67 | 68 | 71 | 72 | 73 | 74 | 78 | 79 | 81 | 83 | 85 | 88 | 90 | 91 | 93
        | 95 | 96 | 97 | 98 | 99 | 101 | 102 | 104 | 105 | 107 | 108 | 109 | 111 | 115 | 116 | 118 | 119 | 121 | 122
        | 123 | 124 | 125 | 127 | 129 | 130 | 131 | 132 | 133 | 134 | 135 | 136 | 137 | 138 | 139 | 140 | 141 | 142
        | 143 | 144 | 145 | 146 | 147 | 148 | 149 | 150 | 151 | 152 | 153 | 154 | 155 | 156 | 157 | 158 | 159 | 160
        | 161 | 162 | 163 | 164 | 165 | 166 | 167 | 168 | 169 | 170 | 171 | 172 | 173 | 174 | 175 | 176 | 177 | 178
        | 179 | 180 | 181 | 182 | 183 | 184 | 185 | 186 | 187 | 188 | 189 | 190 | 191 | 192 | 193 | 194 | 195 | 196
        | 197 | 198 | 199 | 200 | 201 | 202 | 203 | 204 | 205 | 206 | 207 | 208 | 209 | 210 | 211 | 212 | 213 | 214
        | 215 | 216 | 217 | 218 | 219 | 220 | 221 | 222 | 223 | 224 | 225 | 226 | 227 | 228 | 229 | 230 | 231 | 232
        | 233 | 234 | 235 | 236 | 237 | 238 | 239 | 240 | 241 | 242 | 243 | 244 | 245 | 246 | 247 | 248 | 249 | 250
        | 251 | 252 | 253 | 254 | 255
    };
}

pub(crate) use others;
