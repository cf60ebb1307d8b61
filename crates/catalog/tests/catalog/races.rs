//! What many nodes do to the same things at once: nothing waits for ever, and nobody is told of a conflict that is not
//! theirs.

use super::*;

/// Nodes, each with connections of its own.
const NODES: usize = 4;

/// Things that each does.
const ROUNDS: usize = 60;

async fn nodes(house: &House) -> Vec<Catalog> {
    let mut nodes = Vec::new();
    for _ in 0..NODES {
        nodes.push(house.open().await);
    }
    nodes
}

/// Runs `work` twice on each node at once.
async fn at_once<F: Future<Output = ()> + Send + 'static>(
    nodes: &[Catalog],
    work: impl Fn(Catalog, usize) -> F,
) {
    let twice = nodes.iter().chain(nodes).enumerate();
    let tasks: Vec<_> = twice.map(|(n, node)| tokio::spawn(work(node.clone(), n))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_comes_in_and_goes_on_all_nodes() {
    let house = House::database();
    let nodes = nodes(&house).await;
    let containers = [container(&nodes[0], None).await, container(&nodes[0], None).await];
    at_once(&nodes, |node, n| {
        let container = containers[n % 2].clone();
        async move {
            for round in 0..ROUNDS {
                let row = file(&container, &format!("{n} {round}"), ["aa", "bb"][round % 2]);
                let hash = row.content_hash.clone();
                insert(&node, row.clone(), content(&hash, Some("{}"))).await.unwrap();
                node.put_layout(&format!("{n}"), &hash, header(9)).await.unwrap();
                node.take_leftovers(left(i64::MAX), 0, 3).await.unwrap();
                assert!(node.resource_by_sid(row.file_sid).await.unwrap().is_some());
                assert!(node.delete_file(row.file_sid).await.unwrap().is_some());
            }
        }
    })
    .await;
    for table in ["files", "contents", "blobs", "outputs"] {
        assert_eq!(house.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
    }
    for total in ["total_files", "total_bytes"] {
        let sql = format!("SELECT CAST(sum({total}) AS BIGINT) FROM containers");
        assert_eq!(house.number(&sql), 0);
    }
    assert_eq!(house.number("SELECT length_bytes FROM outputs_total"), 0);
    let both = "SELECT count(*) FROM blobs JOIN leftovers USING (object)";
    assert_eq!(house.number(both), 0, "kept and left over");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_to_and_fro_between_containers_while_others_are_swept() {
    let house = House::database();
    let nodes = nodes(&house).await;
    let containers = [container(&nodes[0], None).await, container(&nodes[0], None).await];
    let sids = containers.each_ref().map(|container| container.container_sid);
    at_once(&nodes, |node, n| {
        let container = containers[n % 2].clone();
        async move {
            let mut row = file(&container, &n.to_string(), "aa");
            row.lifecycle.ttl = -1;
            insert(&node, row.clone(), content("aa", None)).await.unwrap();
            for round in 0..ROUNDS {
                let into = sids[(n + round) % 2];
                let edit = move |file: &mut FileRow| {
                    file.container_sid = into;
                    Ok::<_, Error>(())
                };
                let admit = |_: &ContainerRow, _: &FileRow, _: &FileRow| Ok(Admission::default());
                let moved =
                    node.change_file(row.file_sid, Beside::Nothing, None, edit, admit).await;
                assert_eq!(moved.unwrap().unwrap().0.container_sid, into);
                node.touch_files(vec![(row.file_sid, round as i64)], 0).await.unwrap();
                let passing = file(&container, &format!("{n} {round}"), "bb");
                insert(&node, passing, content("bb", None)).await.unwrap();
                node.delete_expired(i64::MAX, 5).await.unwrap();
            }
        }
    })
    .await;
    while nodes[0].delete_expired(i64::MAX, 500).await.unwrap() > 0 {}
    assert_eq!(house.number("SELECT count(*) FROM files"), 2 * NODES as i64);
    let sql = "SELECT CAST(sum(total_files) AS BIGINT) FROM containers";
    assert_eq!(house.number(sql), 2 * NODES as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_files_whichever_node_it_came_in_through() {
    let house = House::database();
    let nodes = nodes(&house).await;
    let container = container(&nodes[0], None).await;
    at_once(&nodes, |node, n| {
        let container = container.clone();
        async move {
            for round in 0..ROUNDS {
                let row = file(&container, &round.to_string(), "aa");
                match insert(&node, row, content("aa", None)).await {
                    Ok(_) | Err(Error::NameTaken { .. }) => {}
                    Err(error) => panic!("{n}: {error}"),
                }
            }
        }
    })
    .await;
    assert_eq!(house.number("SELECT total_files FROM containers"), ROUNDS as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_changes_counts_on_the_others() {
    let house = House::database();
    let nodes = nodes(&house).await;
    let container = container(&nodes[0], None).await;
    let row = file(&container, "a", "aa");
    insert(&nodes[0], row.clone(), content("aa", None)).await.unwrap();
    let before: Vec<_> = nodes.iter().map(Catalog::generation).collect();
    assert!(nodes[0].delete_file(row.file_sid).await.unwrap().is_some());
    let until = Instant::now() + Duration::from_secs(10);
    for (node, before) in nodes.iter().zip(before) {
        while node.generation() == before {
            assert!(Instant::now() < until, "a node has not heard of it");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_nodes_may_start_at_once_on_an_empty_database() {
    let house = House::database();
    let opened: Vec<_> = (0..6)
        .map(|_| {
            let House::Database(database, _) = &house else { unreachable!() };
            let database = database.clone();
            tokio::spawn(async move { Catalog::connect(database, Duration::MAX).await.map(drop) })
        })
        .collect();
    for opened in opened {
        opened.await.unwrap().unwrap();
    }
    assert_eq!(house.number("SELECT count(*) FROM schema_version"), 1);
}
