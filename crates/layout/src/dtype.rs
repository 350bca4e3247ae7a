//! Element types: one table, from which every language's table is made.

/// The type of one element of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are NumPy's")]
pub enum Dtype {
    Uint8 = 1,
    Int8 = 2,
    Uint16 = 3,
    Int16 = 4,
    Uint32 = 5,
    Int32 = 6,
    Uint64 = 7,
    Int64 = 8,
    Float16 = 9,
    Float32 = 10,
    Float64 = 11,
    Bool = 12,
    Bfloat16 = 13,
    Complex64 = 14,
    Complex128 = 15,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct DtypeInfo {
    /// The type itself; its discriminant is the code in shared memory.
    pub dtype: Dtype,
    /// NumPy's name.
    pub name: &'static str,
    /// Bytes of one element.
    pub bytes: u8,
    /// JavaScript's typed array for it, empty where there is none.
    pub typed_array: &'static str,
}

const fn row(dtype: Dtype, name: &'static str, bytes: u8, typed_array: &'static str) -> DtypeInfo {
    DtypeInfo { dtype, name, bytes, typed_array }
}

/// Every element type, in the order of its code.
pub const DTYPES: [DtypeInfo; 15] = [
    row(Dtype::Uint8, "uint8", 1, "Uint8Array"),
    row(Dtype::Int8, "int8", 1, "Int8Array"),
    row(Dtype::Uint16, "uint16", 2, "Uint16Array"),
    row(Dtype::Int16, "int16", 2, "Int16Array"),
    row(Dtype::Uint32, "uint32", 4, "Uint32Array"),
    row(Dtype::Int32, "int32", 4, "Int32Array"),
    row(Dtype::Uint64, "uint64", 8, "BigUint64Array"),
    row(Dtype::Int64, "int64", 8, "BigInt64Array"),
    row(Dtype::Float16, "float16", 2, ""),
    row(Dtype::Float32, "float32", 4, "Float32Array"),
    row(Dtype::Float64, "float64", 8, "Float64Array"),
    row(Dtype::Bool, "bool", 1, "Uint8Array"),
    row(Dtype::Bfloat16, "bfloat16", 2, ""),
    row(Dtype::Complex64, "complex64", 8, ""),
    row(Dtype::Complex128, "complex128", 16, ""),
];

const _: () = {
    let mut index = 0;
    while index < DTYPES.len() {
        assert!(DTYPES[index].dtype as usize == index + 1);
        index += 1;
    }
};

impl Dtype {
    /// The type of this code, or `None` for a code this release does not know.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        DTYPES.get(usize::from(code).wrapping_sub(1)).map(|row| row.dtype)
    }

    /// This type's row of the table.
    #[must_use]
    pub fn info(self) -> &'static DtypeInfo {
        &DTYPES[self as usize - 1]
    }
}
