using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Lockstep.Silo.Hosting;

/// <summary>Connection requests (SYN) that reach a listening socket.</summary>
internal static class ConnectionRequests
{
    // From Linux's asm-generic/socket.h.
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;

    // A classic BPF program, see filter.h: a segment with SYN is dropped, any other is let through.
    private static readonly (ushort Code, byte IfTrue, byte IfFalse, uint Value)[] Program =
    [
        (0x30, 0, 0, 13), // load the byte of the flags
        (0x45, 0, 1, 0x02), // is SYN among them?
        (0x06, 0, 0, 0), // drop it
        (0x06, 0, 0, uint.MaxValue), // let all of it through
    ];

    /// <summary>
    /// Has the system drop them from now on, as if they were lost, while connections that are being made are completed. Their clients try again a
    /// second later, and are refused then if the socket is closed.
    /// </summary>
    /// <returns>False where the system cannot do this: not Linux, or a sandbox.</returns>
    public static bool TryIgnore(Socket listener)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        const int Size = 8;
        var instructions = new byte[Program.Length * Size];
        for (var i = 0; i < Program.Length; i++)
        {
            var (code, ifTrue, ifFalse, value) = Program[i];
            var instruction = instructions.AsSpan(i * Size, Size);
            MemoryMarshal.Write(instruction, code);
            (instruction[2], instruction[3]) = (ifTrue, ifFalse);
            MemoryMarshal.Write(instruction[4..], value);
        }

        var pinned = GCHandle.Alloc(instructions, GCHandleType.Pinned);
        try
        {
            // A count of 16 bits, and a pointer where that is aligned.
            var program = new byte[2 * IntPtr.Size];
            MemoryMarshal.Write(program, (ushort)Program.Length);
            MemoryMarshal.Write(program.AsSpan(IntPtr.Size), pinned.AddrOfPinnedObject());
            listener.SetRawSocketOption(SocketLevel, AttachFilter, program);
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            pinned.Free();
        }
    }
}
