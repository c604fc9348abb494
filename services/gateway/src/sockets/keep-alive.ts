import type { WebSocket } from 'ws';

/**
 * Ends a socket whose other end is gone without a word: a ping that has had no answer by the next one terminates it.
 * Suspended while we ourselves do not read.
 */
export function keepAlive(socket: WebSocket, intervalMs: number): void {
  let answered = true;
  socket.on('pong', () => (answered = true));
  const timer = setInterval(() => {
    if (socket.isPaused) {
      answered = true;
      return;
    }
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, intervalMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
