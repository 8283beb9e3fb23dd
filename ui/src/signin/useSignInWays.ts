import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { SignInWays } from '../bindings/protocol';
import type { Host } from '../platform/host';

/** Whether the workspace has identity providers at all, and the ways for the address that was asked about last. */
export function useSignInWays(host: Host) {
  const [hasProviders, setHasProviders] = useState(false);
  const [ways, setWays] = useState<SignInWays | null>(null);
  useEffect(() => {
    let gone = false;
    host.invoke('sign_in_ways', { email: '' }).then(
      (found) => {
        if (!gone) setHasProviders(found.has_providers);
      },
      // A server that cannot be asked says so when one signs in.
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [host]);
  const askWays = useMutation({
    mutationFn: (request: { email: string }) => host.invoke('sign_in_ways', request),
    onSuccess: setWays,
  });
  const forgetWays = () => {
    setWays(null);
    askWays.reset();
  };
  return { hasProviders, ways, askWays, forgetWays };
}
