//! Row ids that are computed from the record, so that a replay makes the same id again.

/// The id of a row: 32 hexadecimal digits in the form of a UUID of version 7.
///
/// 48 bits of milliseconds, 12 bits of microseconds within, 40 bits that tell journals apart and the low
/// 22 bits of the record's number. Ids of one journal ascend, so their unique index grows at one end.
#[must_use]
pub fn log_id(time_us: i64, nonce: u64, sequence: u64) -> String {
    let time_us = time_us.max(0) as u64;
    let (milliseconds, microseconds) = (time_us / 1_000, time_us % 1_000);
    let high = (milliseconds & 0xffff_ffff_ffff) << 16 | 0x7 << 12 | microseconds << 2;
    let low = 0b10 << 62 | (nonce & 0xff_ffff_ffff) << 22 | (sequence & 0x3f_ffff);
    let mut text = String::with_capacity(32);
    push_hex(high, &mut text);
    push_hex(low, &mut text);
    text
}

fn push_hex(value: u64, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for shift in (0..16).rev() {
        text.push(char::from(DIGITS[(value >> (shift * 4)) as usize & 0xf]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_ascend_with_time_and_number() {
        let nonce = 0x12_3456_789a;
        let ids = [
            log_id(1_795_400_272_070_297, nonce, 1),
            log_id(1_795_400_272_070_297, nonce, 2),
            log_id(1_795_400_272_070_298, nonce, 3),
            log_id(1_795_400_272_071_000, nonce, 4),
        ];
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(ids[0].len(), 32);
        assert_eq!(ids[0].as_bytes()[12], b'7', "version 7");
    }
}
