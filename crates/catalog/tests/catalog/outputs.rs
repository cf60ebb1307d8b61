//! What is learned of outputs: kept with the content, bounded, and gone with it.

use super::*;

async fn layouts_and_checkpoints_come_back(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    stored(&catalog, &container, "aa").await;
    let layout = StoredLayout { header: vec![9; 44], offsets: vec![44, 1000, u64::MAX] };
    for layout in [header(3), layout] {
        catalog.put_layout("k", "aa", layout.clone()).await.unwrap();
        assert_eq!(catalog.layout("k").await.unwrap(), Some(layout));
    }
    assert_eq!(catalog.layout("other").await.unwrap(), None);
    let states = vec![(1, vec![1]), (2, vec![7, 7])];
    catalog.put_checkpoints("g", "aa", states.clone()).await.unwrap();
    assert_eq!(catalog.checkpoints("g").await.unwrap(), states);
    assert_eq!(catalog.checkpoints("k").await.unwrap(), []);
}

async fn checkpoints_behind_a_missing_one_wait_for_it(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    stored(&catalog, &container, "aa").await;
    let state = |segment: u32| (segment, vec![segment as u8]);
    let known = async || catalog.checkpoints("k").await.unwrap();
    for (batch, frontier) in [(3..=4, 0), (6..=6, 0), (2..=2, 0), (1..=3, 4), (5..=5, 6)] {
        catalog.put_checkpoints("k", "aa", batch.map(state).collect()).await.unwrap();
        assert_eq!(known().await, (1..=frontier).map(state).collect::<Vec<_>>());
    }
    // The first one counts, as it does for whoever goes by it already.
    catalog.put_checkpoints("k", "aa", vec![(1, vec![99])]).await.unwrap();
    assert_eq!(known().await[0], state(1));
}

async fn what_was_learned_of_outputs_goes_with_their_content(house: House) {
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    for content in ["aa", "aa.ulaw"] {
        stored(&catalog, &container, content).await;
        let key = |kind: &str| format!("{kind} of {content}");
        catalog.put_layout(&key("layout"), content, header(9)).await.unwrap();
        catalog.put_checkpoints(&key("states"), content, vec![(1, vec![1])]).await.unwrap();
    }
    let sid =
        catalog.same_file(container.container_sid, "aa", "aa").await.unwrap().unwrap().file_sid;
    assert!(catalog.layout("layout of aa").await.unwrap().is_some(), "its content is there");
    catalog.delete_file(sid).await.unwrap();
    // What ends to be learned after that comes too late.
    catalog.put_layout("late layout", "aa", header(9)).await.unwrap();
    catalog.put_checkpoints("late states", "aa", vec![(1, vec![1])]).await.unwrap();
    stored(&catalog, &container, "aa").await;
    for layout in ["layout of aa", "late layout"] {
        assert_eq!(catalog.layout(layout).await.unwrap(), None, "{layout}");
    }
    for states in ["states of aa", "late states"] {
        assert_eq!(catalog.checkpoints(states).await.unwrap(), [], "{states}");
    }
    assert_eq!(catalog.layout("layout of aa.ulaw").await.unwrap(), Some(header(9)));
    assert_eq!(catalog.checkpoints("states of aa.ulaw").await.unwrap(), [(1, vec![1])]);
    let number = |sql: &str| house.number(sql);
    for (table, rows) in [("outputs", 2), ("output_layouts", 1), ("output_checkpoints", 1)] {
        assert_eq!(number(&format!("SELECT count(*) FROM {table}")), rows, "{table}");
    }
    let counted = number("SELECT length_bytes FROM outputs_total");
    assert_eq!(counted, number("SELECT CAST(sum(length_bytes) AS BIGINT) FROM outputs"));
}

async fn what_was_learned_of_outputs_is_bounded_and_those_registered_first_go_first(house: House) {
    const SIZE: usize = OUTPUTS_BYTES as usize * 2 / 5;
    let catalog = house.open().await;
    let container = container(&catalog, None).await;
    stored(&catalog, &container, "aa").await;
    let kept = async |keys: &[&str]| {
        for key in keys {
            assert!(catalog.layout(key).await.unwrap().is_some(), "{key}");
        }
    };
    // What is there already counts once.
    for _ in 0..3 {
        catalog.put_checkpoints("states", "aa", vec![(1, vec![1; SIZE])]).await.unwrap();
    }
    catalog.put_layout("a", "aa", header(SIZE)).await.unwrap();
    assert_eq!(catalog.checkpoints("states").await.unwrap().len(), 1);
    catalog.put_layout("b", "aa", header(SIZE)).await.unwrap();
    assert_eq!(catalog.checkpoints("states").await.unwrap(), []);
    kept(&["a", "b"]).await;
    // What is too large alone makes nothing else go.
    catalog.put_layout("large", "aa", header(OUTPUTS_BYTES as usize)).await.unwrap();
    assert_eq!(catalog.layout("large").await.unwrap(), None);
    kept(&["a", "b"]).await;
}

on_both! {
    layouts_and_checkpoints_come_back,
    checkpoints_behind_a_missing_one_wait_for_it,
    what_was_learned_of_outputs_goes_with_their_content,
    what_was_learned_of_outputs_is_bounded_and_those_registered_first_go_first,
}
