using System.Net;
using System.Net.Sockets;

namespace Lockstep.Testing;

/// <summary>
/// Ports that nobody listens on now, and that nobody is given by chance until they are used: they lie below those that the system
/// picks for connections and for port 0, and below those of <c>tests/postgres</c>. Each process of tests has a block of its own.
/// </summary>
internal static class FreePorts
{
    private const int First = 10_000;
    private const int Blocks = 20;
    private const int BlockSize = 500;

    private static readonly Lock Taking = new();

    // On the block's first port, as long as the process lives: nobody else can listen there.
    private static TcpListener? claim;
    private static int block;
    private static int next;

    public static int[] Take(int count)
    {
        lock (Taking)
        {
            claim ??= Claim();
            var taken = new List<int>();
            for (var tried = 0; taken.Count < count; tried++)
            {
                if (tried == BlockSize)
                {
                    throw new InvalidOperationException($"Fewer than {count} of the ports from {First + (block * BlockSize)} on are free.");
                }

                var port = First + (block * BlockSize) + 1 + (next++ % (BlockSize - 1));
                if (IsFree(port))
                {
                    taken.Add(port);
                }
            }

            return [.. taken];
        }
    }

    private static TcpListener Claim()
    {
        for (block = 0; block < Blocks; block++)
        {
            if (TryListen(First + (block * BlockSize)) is { } listener)
            {
                return listener;
            }
        }

        throw new InvalidOperationException($"{Blocks} processes of tests have ports already.");
    }

    private static bool IsFree(int port)
    {
        using var listener = TryListen(port);
        return listener is not null;
    }

    private static TcpListener? TryListen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
    }
}
