//! What the solver knows about one site: the orders that are there, and for each other site a queue of how cheaply
//! they could go there instead.

/// More than any sum of costs, levels and prices, and twice it is still a number.
pub(super) const FAR: i64 = i64::MAX / 2;

/// In [`SiteLists::members`], set on the number of an order: it has left. Numbers of orders are smaller.
pub(super) const GONE: u32 = 1 << 31;

/// In [`Exit::member`]: there is no move.
const NOBODY: u32 = u32::MAX;

/// An order's wish to leave: what the move adds to its cost, and its place among the members of the site it leaves.
///
/// Queues are sorted by that cost and then by the *number of the order*, not by the place: so which of several equally
/// cheap moves comes first does not depend on the order in which they arrived, and a plan that is taken up again
/// from its sites and prices goes on like one that was never left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Move(u64);

impl Move {
    /// No more members than this at a time: the number has 24 bits.
    pub(super) const MEMBERS_MAX: usize = 1 << Self::MEMBER_BITS;

    const MEMBER_BITS: u32 = 24;
    /// Differences of two costs are below 2³⁹ in size.
    const BIAS: i64 = 1 << 39;

    #[inline]
    pub(super) const fn new(delta: i64, member: u32) -> Self {
        Self(((delta + Self::BIAS) as u64) << Self::MEMBER_BITS | member as u64)
    }

    #[inline]
    pub(super) const fn delta(self) -> i64 {
        (self.0 >> Self::MEMBER_BITS) as i64 - Self::BIAS
    }

    #[inline]
    const fn member(self) -> usize {
        self.0 as usize & (Self::MEMBERS_MAX - 1)
    }

    #[inline]
    fn precedes(self, other: Self, members: &[u32]) -> bool {
        let order = |leave: Self| members[leave.member()] & !GONE;
        if (self.0 ^ other.0) >> Self::MEMBER_BITS == 0 {
            return order(self) < order(other);
        }
        self.0 < other.0
    }
}

/// The moves from one site to one other: a queue in a part of the site's pool. Any of them may be of an order that has
/// left; of the first that is found out when the exit is asked for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exit {
    /// What the first move costs, [`FAR`] if there is none: no possible move costs less.
    pub(super) low: i64,
    pub(super) to: u32,
    /// Whose move is the first, by its place among the members.
    member: u32,
    start: u32,
    len: u32,
    room: u32,
    /// Whether the moves are a binary heap. Many queues are listed anew before their first move goes, so they become
    /// one only then, and only if they are long.
    is_heap: bool,
}

/// For each place the doors that lead into it.
pub(super) type Entrances = Vec<Vec<Door>>;

/// An exit, seen from where it leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door {
    pub(super) from: u32,
    /// The number of the exit there, unless that place was listed anew since.
    pub(super) number: u32,
    /// No possible move is cheaper, so that most need not be looked up.
    pub(super) low: i64,
}

/// One site. Queues hold every move with delta + floor of the price at the goal below `listed_below`.
#[derive(Clone)]
pub(super) struct SiteLists {
    /// The orders here: by number those of the last listing, then in the order of their arrival, and gaps where one
    /// has left.
    pub(super) members: Vec<u32>,
    /// For each exit a lower bound of delta + price at the goal. Apart from the exits, because a scan reads all of
    /// these and few of those.
    pub(super) keys: Vec<i64>,
    pub(super) exits: Vec<Exit>,
    /// The door of each exit at the place where it leads, if entrances are kept.
    pub(super) doors: Vec<u32>,
    pool: Vec<Move>,
    pub(super) listed_below: i64,
    /// The engine's `sunk` when `listed_below` was true.
    pub(super) sunk: i64,
    pub(super) is_listed: bool,
}

impl SiteLists {
    /// Nobody is here and nothing is listed.
    pub(super) const EMPTY: Self = Self {
        members: Vec::new(),
        keys: Vec::new(),
        exits: Vec::new(),
        doors: Vec::new(),
        pool: Vec::new(),
        listed_below: -FAR,
        sunk: 0,
        is_listed: false,
    };

    /// Forgets the queues, closes the gaps among the members and sorts them by number; tells each its new place.
    pub(super) fn clear(&mut self, mut place: impl FnMut(u32, u32)) {
        self.members.retain(|order| order & GONE == 0);
        self.members.sort_unstable();
        for (member, order) in self.members.iter().enumerate() {
            place(*order, member as u32);
        }
        self.exits.clear();
        self.doors.clear();
        self.keys.clear();
    }

    /// Forgets the queues, and keeps the members.
    pub(super) fn forget(&mut self) {
        self.exits.clear();
        self.doors.clear();
        self.keys.clear();
        self.pool.clear();
        self.listed_below = -FAR;
        self.is_listed = false;
    }

    /// The exit to a place; if there is none a new one, with an empty queue and, until [`layout`](Self::layout), no
    /// room. `exit_of` says for each place where its exit may be found.
    #[inline]
    pub(super) fn exit_to(
        &mut self,
        to: u32,
        from: u32,
        exit_of: &mut [u32],
        entrances: &mut Option<Entrances>,
    ) -> usize {
        let exit = exit_of[to as usize] as usize;
        if self.exits.get(exit).is_some_and(|exit| exit.to == to) {
            return exit;
        }
        let exit = self.open_exit(to);
        exit_of[to as usize] = exit as u32;
        if let Some(entrances) = entrances {
            let doors = &mut entrances[to as usize];
            self.doors.push(doors.len() as u32);
            doors.push(Door {
                from,
                number: exit as u32,
                low: FAR,
            });
        }
        exit
    }

    fn open_exit(&mut self, to: u32) -> usize {
        self.exits.push(Exit {
            low: FAR,
            to,
            member: NOBODY,
            start: self.pool.len() as u32,
            len: 0,
            room: 0,
            is_heap: false,
        });
        self.keys.push(FAR);
        self.exits.len() - 1
    }

    /// Opens exits for these moves to places, and gives each room for a quarter as many more.
    pub(super) fn layout(&mut self, site: u32, moves: &mut [(u32, Move)], exit_of: &mut [u32]) {
        for (to, _) in &mut *moves {
            let exit = self.exit_to(*to, site, exit_of, &mut None);
            self.exits[exit].room += 1;
            *to = exit as u32;
        }
        let mut start = 0;
        for exit in &mut self.exits {
            exit.room += exit.room / 4 + 1;
            exit.start = start;
            start += exit.room;
        }
        if self.pool.capacity() < start as usize {
            // Not twice as much as is needed, and not beside what is not needed any more.
            self.pool = Vec::new();
            self.pool.reserve_exact(start as usize);
        }
        self.pool.resize(start as usize, Move(0));
        for (exit, leave) in moves {
            let exit = &mut self.exits[*exit as usize];
            let (first, last) = (exit.start as usize, (exit.start + exit.len) as usize);
            self.pool[last] = *leave;
            // Members are in the order of their numbers now, so that the smaller move is the one that goes first.
            let before = self.pool[first];
            self.pool[first] = before.min(*leave);
            self.pool[last] = before.max(*leave);
            exit.len += 1;
        }
        for exit in &mut self.exits {
            let first = self.pool[exit.start as usize];
            (exit.low, exit.member) = (first.delta(), first.member() as u32);
        }
    }

    /// Writes down the exits with a key below `within`. Returns how many, and lowers `beyond` to the least other key.
    ///
    /// Without branches: which keys those are is anybody's guess.
    #[inline]
    pub(super) fn nearer_than(&self, within: i64, near: &mut Vec<u32>, beyond: &mut i64) -> usize {
        if near.len() < self.keys.len() {
            near.resize(self.keys.len(), 0);
        }
        let near = &mut near[..self.keys.len()];
        let mut count = 0;
        for (number, key) in (0..).zip(&self.keys) {
            near[count] = number;
            let is_near = *key < within;
            count += usize::from(is_near);
            *beyond = (*beyond).min(if is_near { FAR } else { *key });
        }
        count
    }

    /// One more move through an exit.
    #[inline]
    pub(super) fn push(&mut self, exit: usize, leave: Move, entrances: &mut Option<Entrances>) {
        let number = exit;
        let exit = &mut self.exits[exit];
        if exit.len == exit.room {
            let start = self.pool.len();
            self.pool
                .extend_from_within(exit.start as usize..(exit.start + exit.len) as usize);
            exit.start = start as u32;
            exit.room = 2 * exit.room + 4;
            self.pool.resize(start + exit.room as usize, Move(0));
        }
        let low = exit.low;
        exit.append(leave, &mut self.pool, &self.members);
        if exit.low < low
            && let Some(entrances) = entrances
        {
            let door = &mut entrances[exit.to as usize][self.doors[number] as usize];
            door.low = door.low.min(exit.low);
        }
    }

    /// A member has left. The exits where its move was the first find out when they are [asked](Self::first_order).
    pub(super) fn leave(&mut self, member: usize) {
        self.members[member] |= GONE;
    }

    /// Tells the exits at once that this member has left.
    pub(super) fn pass_on(&mut self, member: usize) {
        for exit in &mut self.exits {
            if exit.member == member as u32 {
                exit.advance(&mut self.pool, &self.members);
            }
        }
    }

    /// Tells all exits who has left.
    pub(super) fn pass_on_all(&mut self) {
        for exit in 0..self.exits.len() {
            self.first_order(exit as u32);
        }
    }

    /// The order whose move through an exit is the first that is possible. If another one was thought to be, `low` has
    /// risen now.
    #[inline]
    pub(super) fn first_order(&mut self, exit: u32) -> u32 {
        let exit = &mut self.exits[exit as usize];
        let order = exit.first_order(&self.members);
        if order == NOBODY || order & GONE == 0 {
            return order;
        }
        exit.advance(&mut self.pool, &self.members);
        exit.first_order(&self.members)
    }

    /// The first possible move to a place: what it costs and whose it is.
    pub(super) fn first_to(&mut self, place: u32) -> Option<(i64, u32)> {
        let number = self.exits.iter().position(|exit| exit.to == place)?;
        let order = self.first_order(number as u32);
        Some((self.exits[number].low, order))
    }

    /// An exit and its key.
    #[inline]
    pub(super) fn at(&mut self, exit: u32) -> (&mut i64, &Exit) {
        (&mut self.keys[exit as usize], &self.exits[exit as usize])
    }
}

impl Exit {
    /// So many moves are looked through more quickly than they are made a heap.
    const FEW: usize = 16;

    /// Whose move is the first, with the mark of those who have left.
    #[inline]
    fn first_order(&self, members: &[u32]) -> u32 {
        members.get(self.member as usize).copied().unwrap_or(NOBODY)
    }

    /// Forgets all moves.
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.low = FAR;
        self.member = NOBODY;
        self.is_heap = false;
    }

    /// One more move, for which there is room.
    #[inline]
    fn append(&mut self, leave: Move, pool: &mut [Move], members: &[u32]) {
        self.len += 1;
        let queue = &mut pool[self.start as usize..][..self.len as usize];
        let last = queue.len() - 1;
        queue[last] = leave;
        let first = (leave.delta(), members[leave.member()]);
        let is_first = first < (self.low, self.first_order(members) & !GONE);
        if self.is_heap {
            sift_up(queue, last, members);
        } else if is_first {
            queue.swap(0, last);
        }
        if is_first {
            (self.low, self.member) = (first.0, leave.member() as u32);
        }
    }

    /// Drops moves that are not possible any more, until the first one is.
    fn advance(&mut self, pool: &mut [Move], members: &[u32]) {
        let queue = &mut pool[self.start as usize..][..self.len as usize];
        let len = if self.is_heap {
            drop_departed(queue, members)
        } else {
            let len = keep_possible(queue, members);
            self.is_heap = len > Self::FEW;
            if self.is_heap {
                for root in (0..len / 2).rev() {
                    sift_down(&mut queue[..len], root, members);
                }
            } else {
                put_first_in_front(&mut queue[..len], members);
            }
            len
        };
        self.len = len as u32;
        (self.low, self.member) = match queue[..len].first() {
            Some(first) => (first.delta(), first.member() as u32),
            None => (FAR, NOBODY),
        };
    }
}

fn has_left(leave: Move, members: &[u32]) -> bool {
    members[leave.member()] & GONE != 0
}

/// Drops the first move of a heap until it is possible. Returns how many moves are left.
fn drop_departed(heap: &mut [Move], members: &[u32]) -> usize {
    let mut len = heap.len();
    while len > 0 && has_left(heap[0], members) {
        len -= 1;
        heap[0] = heap[len];
        sift_down(&mut heap[..len], 0, members);
    }
    len
}

/// Closes the gaps of moves that are not possible any more. Returns how many are left.
fn keep_possible(queue: &mut [Move], members: &[u32]) -> usize {
    let mut len = 0;
    for place in 0..queue.len() {
        let leave = queue[place];
        queue[len] = leave;
        len += usize::from(!has_left(leave, members));
    }
    len
}

/// Without branches: which of two moves goes first is anybody's guess.
fn put_first_in_front(queue: &mut [Move], members: &[u32]) {
    for place in 1..queue.len() {
        let (one, other) = (queue[0], queue[place]);
        let is_before = other.precedes(one, members);
        queue[0] = if is_before { other } else { one };
        queue[place] = if is_before { one } else { other };
    }
}

fn sift_down(queue: &mut [Move], mut root: usize, members: &[u32]) {
    let Some(moved) = queue.get(root).copied() else {
        return;
    };
    loop {
        let mut child = 2 * root + 1;
        if child >= queue.len() {
            break;
        }
        if child + 1 < queue.len() && queue[child + 1].precedes(queue[child], members) {
            child += 1;
        }
        if !queue[child].precedes(moved, members) {
            break;
        }
        queue[root] = queue[child];
        root = child;
    }
    queue[root] = moved;
}

fn sift_up(queue: &mut [Move], mut leaf: usize, members: &[u32]) {
    let moved = queue[leaf];
    while leaf > 0 {
        let parent = (leaf - 1) / 2;
        if !moved.precedes(queue[parent], members) {
            break;
        }
        queue[leaf] = queue[parent];
        leaf = parent;
    }
    queue[leaf] = moved;
}
