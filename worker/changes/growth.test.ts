import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createWaitingRoom } from './growth.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whether a wait is over, once everything that is due has happened. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  let over = false;
  void wait.then(() => (over = true));
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

describe('the waiting room', () => {
  test('wakes those whom the growth reaches, and leaves the others', async () => {
    const room = createWaitingRoom();
    const [five, six] = [room.beyond(5, 1000), room.beyond(6, 1000)];
    room.grew(5);
    expect(await isOver(five)).toBe(false);
    room.grew(6);
    expect([await isOver(five), await isOver(six)]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await isOver(six)).toBe(true);
  });

  test('does not let anyone wait for what came while they were on their way', async () => {
    const room = createWaitingRoom();
    room.grew(7);
    room.grew(6);
    expect(await isOver(room.beyond(6, 1000))).toBe(true);
    expect(await isOver(room.beyond(7, 1000))).toBe(false);
  });

  test('wakes at once, then no more often than its pace', async () => {
    const room = createWaitingRoom({ pace: 200 });
    const first = room.beyond(0, 10_000);
    room.grew(1);
    expect(await isOver(first)).toBe(true);
    const second = room.beyond(1, 10_000);
    room.grew(2);
    expect(await isOver(second)).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(await isOver(second)).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    const third = room.beyond(2, 10_000);
    room.grew(3);
    expect(await isOver(third), 'it has rested').toBe(true);
  });

  test('has so many seats, and gives those of who left to others', async () => {
    const room = createWaitingRoom({ seats: 2 });
    const gone = new AbortController();
    const [first, second] = [room.beyond(0, 1000, gone.signal), room.beyond(0, 5000)];
    expect(await isOver(room.beyond(0, 1000)), 'a third').toBe(true);
    gone.abort();
    expect([await isOver(first), await isOver(second)]).toEqual([true, false]);
    expect(await isOver(room.beyond(0, 1000, gone.signal)), 'who is gone already').toBe(true);
    expect(await isOver(room.beyond(0, 1000))).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await isOver(room.beyond(0, 1000)), 'whose time was up').toBe(false);
  });

  test('sends everyone away when it closes, lets nobody in, and leaves no timer behind', async () => {
    const room = createWaitingRoom();
    const early = room.beyond(0, 1000);
    room.grew(1);
    const [late, later] = [room.beyond(1, 1000), room.beyond(9, 1000)];
    room.close();
    for (const wait of [early, late, later, room.beyond(9, 1000)]) expect(await isOver(wait)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
