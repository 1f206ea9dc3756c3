import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type Child = {
  readonly pid: number
  /** Sends a message and returns the child's reply. Only one message at a time. */
  ask<T>(message: unknown): Promise<T>
  stop(): Promise<void>
}

type Reply = { answer: unknown } | { failure: string }

const running = new Set<ChildProcess>()

/** Starts a script of the bench as a separate process. */
export function startChild(script: string): Child {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  running.add(child)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void ended.then(() => running.delete(child))
  return {
    pid: child.pid ?? 0,
    ask: <T>(message: unknown) =>
      new Promise<T>((resolve, reject) => {
        const onExit = () => reject(new Error(`${script} ended before it had answered`))
        child.once('exit', onExit)
        child.once('message', (reply: Reply) => {
          child.off('exit', onExit)
          if ('failure' in reply) reject(new Error(`${script}: ${reply.failure}`))
          else resolve(reply.answer as T)
        })
        child.send(message as object, (error) => error && reject(error))
      }),
    stop: () => {
      if (child.connected) child.disconnect()
      return ended
    },
  }
}

/** Kills all children when the run is aborted. Pending calls of `ask` then fail. */
export function killChildren(): void {
  for (const child of running) child.kill()
}

/** For the child: replies to each message of the bench, and ends when the bench disconnects. */
export function answerBench<Message>(answer: (message: Message) => Promise<unknown>): void {
  process.on('disconnect', () => process.exit(0))
  process.on('message', async (message: Message) => {
    const reply: Reply = await answer(message).then(
      (value) => ({ answer: value }),
      (error) => ({
        failure: error instanceof Error ? (error.stack ?? error.message) : `${error}`,
      }),
    )
    process.send?.(reply)
  })
}
