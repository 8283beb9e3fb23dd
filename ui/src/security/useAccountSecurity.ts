import { useQuery } from '@tanstack/react-query';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import type { AccountSecurity } from '../bindings/protocol';

/** How one's own account is protected, as the server says now. */
export function useAccountSecurity() {
  const host = useHost();
  return useQuery<AccountSecurity>({
    queryKey: KEYS.security,
    queryFn: () => host.invoke('account_security', {}),
    staleTime: 0,
    retry: false,
  });
}
