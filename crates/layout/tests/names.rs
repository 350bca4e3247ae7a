//! Names of files: only what this library writes is taken for its own.

use framelane_layout::name::{parse_id, parse_pool};

#[test]
fn an_id_is_what_is_written_into_a_name_and_nothing_else() {
    assert_eq!(parse_id("00000000000000ff"), Some(255));
    assert_eq!(parse_pool("p.ffffffffffffffff.c"), Some((u64::MAX, true)));
    assert_eq!(parse_pool("p.0000000000000001.d"), Some((1, false)));
    for digits in ["0000000000000000", "+0000000000000ff", "00000000000000FF", "ff", ""] {
        assert_eq!(parse_id(digits), None, "{digits}");
    }
    for name in ["p.00000000000000ff", "p.00000000000000ff.c.d", "p.+0000000000000ff.c", "p..c"] {
        assert_eq!(parse_pool(name), None, "{name}");
    }
}
