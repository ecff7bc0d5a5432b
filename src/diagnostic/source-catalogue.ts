// The codes of the files themselves: what stands in the way of reading a set at all.

/** A part of the catalogue; sorted by code. Their examples need a file system, so they are tested with the sources. */
export const sourceCatalogue = {
  'not-a-regular-file': {
    severity: 'error', title: 'not a regular file of the directory',
    why: 'A FIFO or device could hang the gateway, and a link that leads out could make it read what is no policy. Such files are never opened.',
    help: 'put a regular file in its place, or a link to one inside the policy directory'
  },
  'orphaned-mount': {
    severity: 'warning', title: 'mount that no longer follows its file',
    why: 'A single file that is mounted into a container stays the old one when the host replaces it: no later change can ever be seen.',
    help: 'mount the directory, not the file (in Kubernetes without `subPath`), and restart the container'
  },
  'refused-source': {
    severity: 'error', title: 'policies that are not to be taken',
    why: 'A set that no trusted key has signed, or that is older than one that was seen, may be an attack, or a store that went back.',
    help: 'publish the set again, signed where signatures are asked for'
  },
  'set-shrunk': {
    severity: 'error', title: 'set that lost too much at once',
    why: 'Half a file and half a directory can be valid: a set that suddenly lost most of its rules is more often a fault than meant.',
    help: 'check the files; if it is meant, reload with `accept` and this revision'
  },
  'set-too-large': {
    severity: 'error', title: 'too many files or directories',
    why: 'A set is bounded, so that a wrong directory cannot exhaust the gateway.',
    help: 'name the directory that holds the policies, and nothing else'
  },
  'unreachable-source': {
    severity: 'error', title: 'policies out of reach',
    why: 'A directory that is gone, or a server that does not answer, is a fault, not a policy: the last good set stays in force.',
    help: 'make the directory or the URL readable for the gateway, and check its mount or its network'
  },
  'unreadable-file': {
    severity: 'error', title: 'file that can\'t be read',
    why: 'A set is used whole or not at all: without this file it would be another policy.',
    help: 'let the gateway\'s user read the file'
  }
} as const
