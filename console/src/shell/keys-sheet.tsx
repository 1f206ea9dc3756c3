import { Dialog, DialogBody } from '../ui/dialog.tsx'
import styles from './frame.module.css'
import { allShortcuts, keyCaps } from './keys.ts'

/** All keys that work now. */
export function KeysSheet({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Keys" description="None works while you type.">
      <DialogBody>
        <ul className={styles.keys}>
          {allShortcuts().map(({ keys, label }) => (
            <li key={keys}>
              <span>{label}</span>
              <span className={styles.caps}>
                {keyCaps(keys).map((cap) => (
                  <kbd key={cap}>{cap}</kbd>
                ))}
              </span>
            </li>
          ))}
        </ul>
      </DialogBody>
    </Dialog>
  )
}
