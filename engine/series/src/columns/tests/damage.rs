//! A damaged blob is an error, never a panic and never other values.

use proptest::prelude::*;

use super::kept::Kept;
use super::track::{Presence, Run, Track, Values, any_track};
use crate::columns::{Axis, Block, BlockHead, ChunkHead, Tail, chart, checksum, draft, points};

/// What is done to a blob.
#[derive(Debug, Clone)]
enum Harm {
    Flip(usize),
    Cut(usize),
    Replace(Vec<u8>),
}

impl Harm {
    fn strike(&self, blob: &mut Vec<u8>) {
        match self {
            Self::Flip(bit) => {
                let bit = bit % (blob.len() * 8);
                blob[bit / 8] ^= 1 << (bit % 8);
            }
            Self::Cut(length) => blob.truncate(length % blob.len()),
            Self::Replace(bytes) => blob.clone_from(bytes),
        }
    }
}

fn harms() -> impl Strategy<Value = Harm> {
    prop_oneof![
        3 => any::<usize>().prop_map(Harm::Flip),
        1 => any::<usize>().prop_map(Harm::Cut),
        1 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Harm::Replace),
    ]
}

/// The blobs of a block, one of which is harmed.
fn blob(block: &mut Block, which: usize) -> &mut Vec<u8> {
    let metric = block.metrics.len() - 1;
    let chunk = &mut block.metrics[metric];
    match (which % 5, &mut chunk.rollup) {
        (0, _) => &mut block.ids,
        (1, _) => &mut block.steps,
        (2, _) => &mut block.times,
        (3, Some(rollup)) => rollup,
        _ => &mut chunk.values,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_blob_is_refused(track in any_track(300), which in 0usize..5, harm in harms()) {
        let mut block = track.kept().tail.encode().unwrap();
        let whole = block.clone();
        harm.strike(blob(&mut block, which));
        if block == whole {
            return Ok(());
        }
        let in_rollup = block.metrics.iter().zip(&whole.metrics).any(|(a, b)| a.rollup != b.rollup);
        let kept = Kept { blocks: vec![block.clone()], tail: Tail::new(block.head.rows.into()) };
        let metric = kept.metric(&block.metrics[block.metrics.len() - 1].name);
        if in_rollup {
            prop_assert!(draft(&metric, Axis::Step, None, None, 100).is_err());
        } else {
            prop_assert!(Tail::decode(&block).is_err());
        }
    }

    #[test]
    fn bytes_with_a_checksum_of_their_own_never_panic(
        track in any_track(300), which in 0usize..5, harm in harms(), pixels in 1u32..200,
        from in prop::option::of(-100f64..100.0),
    ) {
        let mut block = track.kept().tail.encode().unwrap();
        let harmed = blob(&mut block, which);
        harmed.truncate(harmed.len() - 4);
        harm.strike(harmed);
        *harmed = checksum::seal(std::mem::take(harmed));
        let _ = Tail::decode(&block);
        let kept = Kept { blocks: vec![block.clone()], tail: Tail::new(0) };
        for name in ["loss", "other"] {
            let metric = kept.metric(name);
            for axis in [Axis::Step, Axis::Time] {
                let _ = chart(&metric, axis, from, None, pixels);
                let _ = draft(&metric, axis, from, None, pixels);
                let _ = points(&metric, axis);
            }
        }
    }

    #[test]
    fn a_damaged_head_is_refused(track in any_track(50), harm in harms()) {
        let block = track.kept().tail.encode().unwrap();
        let mut bytes = block.head.encode();
        prop_assert_eq!(BlockHead::decode(&bytes), Ok(block.head));
        harm.strike(&mut bytes);
        prop_assert!(BlockHead::decode(&bytes).is_err());
        let mut bytes = block.metrics[0].head.encode();
        prop_assert_eq!(ChunkHead::decode(&bytes), Ok(block.metrics[0].head));
        harm.strike(&mut bytes);
        prop_assert!(ChunkHead::decode(&bytes).is_err());
    }
}

#[test]
fn a_head_of_another_chunk_is_refused() {
    let mut block = Track::new(100, Run::Regular, Run::Regular, Values::Noise, Presence::Every, 1_000, 1)
        .kept()
        .tail
        .encode()
        .unwrap();
    for chunk in &mut block.metrics {
        chunk.head.points = 70;
    }
    assert!(Tail::decode(&block).is_err());
    let kept = Kept { blocks: vec![block], tail: Tail::new(100) };
    assert!(chart(&kept.metric("loss"), Axis::Step, None, None, 100).is_err());
    assert!(points(&kept.metric("loss"), Axis::Step).is_err());
}
