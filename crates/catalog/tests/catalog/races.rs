//! What many nodes do to the same things at once: nothing waits for ever, and nobody is told of a conflict that is not
//! theirs.

use super::*;
use catalog::{Role, TokenRow};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_database_undoes_for_another_is_made_again() {
    let house = House::database();
    let node = house.open().await;
    let mut containers = [container(&node, None).await, container(&node, None).await];
    containers.sort_by_key(|container| container.container_sid);
    let [first, second] = containers;
    let row = file(&first, "a", "aa");
    insert(&node, row.clone(), content("aa", None)).await.unwrap();
    let House::Database(_, url) = &house else { unreachable!() };
    let name = url.rsplit('/').next().unwrap().to_owned();
    let (begun, go_on) = std::sync::mpsc::channel();
    let (sids, database) = ([first.container_sid, second.container_sid], name.clone());
    // Takes the same two rows in the other order, and lets the other be the one that is undone.
    let other = std::thread::spawn(move || {
        let mut db = cluster::SHARED.client(&database);
        let mut transaction = db.transaction().unwrap();
        let lock = "SELECT 1 FROM containers WHERE container_sid = $1 FOR UPDATE";
        transaction.batch_execute("SET LOCAL deadlock_timeout = '60s'").unwrap();
        transaction.query_one(lock, &[&sids[1].to_string()]).unwrap();
        begun.send(()).unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while cluster::SHARED.waiting(&database) == 0 {
            assert!(Instant::now() < until, "nobody waits");
        }
        transaction.query_one(lock, &[&sids[0].to_string()]).unwrap();
        transaction.commit().unwrap();
    });
    go_on.recv().unwrap();
    let into = second.container_sid;
    let edit = move |file: &mut FileRow| {
        file.container_sid = into;
        Ok::<_, Error>(())
    };
    let admit = |_: &ContainerRow, _: &FileRow, _: &FileRow| Ok(Admission::default());
    let moved = node.change_file(row.file_sid, Beside::Nothing, None, edit, admit).await;
    assert_eq!(moved.unwrap().unwrap().0.container_sid, second.container_sid);
    tokio::task::spawn_blocking(|| other.join()).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_nodes_one_makes_the_first_token_and_one_takes_the_work() {
    let house = House::database();
    let nodes = nodes(&house).await;
    let partner_sid = nodes[0].partner("default", 1).await.unwrap();
    let token = |n: usize| TokenRow {
        token_id: Uuid::new_v4(),
        token_hash: n.to_string(),
        role: Role::Admin,
        scopes: Vec::new(),
        partner_sid,
        date_created: 1,
        expires_at: None,
        name: None,
        last_used_at: None,
    };
    at_once(&nodes, |node, n| {
        let token = token(n);
        async move { _ = node.insert_first_token(token).await.unwrap() }
    })
    .await;
    assert_eq!(house.number("SELECT count(*) FROM tokens"), 1);
    let hour = 3_600_000;
    assert!(nodes[0].take_work("work", "one".into(), hour).await.unwrap());
    assert!(!nodes[1].take_work("work", "two".into(), hour).await.unwrap());
    assert!(nodes[2].take_work("other work", "two".into(), hour).await.unwrap());
    assert!(nodes[0].take_work("work", "one".into(), 0).await.unwrap(), "it goes on");
    assert!(nodes[1].take_work("work", "two".into(), hour).await.unwrap(), "it has ended");
}
