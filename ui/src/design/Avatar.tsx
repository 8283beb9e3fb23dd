import styles from './Avatar.module.css';
import { initials, tint } from './identity';

interface AvatarProps {
  id: string;
  name: string;
  size?: 26 | 28 | 36 | 20;
}

/** Initials on a colour that follows from the id. The name stands beside it, so it is decoration. */
export function Avatar({ id, name, size = 28 }: AvatarProps) {
  return (
    <span className={styles.avatar} data-size={size} data-tint={tint(id)} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
