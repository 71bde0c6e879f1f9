using System.Globalization;
using System.Net.Sockets;

namespace Lockstep.Silo.Hosting;

/// <summary>
/// Sockets that somebody else listens on and has passed to this process, as systemd does where a socket unit belongs to the service. They take the place of <c>Urls</c>. Whoever has
/// passed them keeps them: what connects while the process starts anew waits there.
/// </summary>
/// <remarks>sd_listen_fds(3).</remarks>
/// <param name="Handles">File descriptors.</param>
/// <param name="Urls">Where each listens, as in the settings.</param>
internal sealed record PassedSockets(IReadOnlyList<ulong> Handles, IReadOnlyList<string> Urls)
{
    private const int FirstHandle = 3;

    public static PassedSockets None { get; } = new([], []);

    /// <param name="variables">Of this process.</param>
    /// <param name="process">Its number: sockets of another one's are none of its own.</param>
    /// <exception cref="SettingsException">One of them takes no connections.</exception>
    public static PassedSockets Read(System.Collections.IDictionary variables, int process)
    {
        if (Number(variables["LISTEN_PID"]) != process || Number(variables["LISTEN_FDS"]) is not (> 0 and var count))
        {
            return None;
        }

        var handles = Enumerable.Range(FirstHandle, count).ToList();
        return new PassedSockets([.. handles.Select(static handle => (ulong)handle)], [.. handles.Select(UrlOf)]);
    }

    private static int? Number(object? text) => int.TryParse(text as string, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string UrlOf(int handle)
    {
        try
        {
            // It is only looked at: the handle stays open.
            using var socket = new Socket(new SafeSocketHandle(handle, ownsHandle: false));
            if (socket.SocketType == SocketType.Stream && socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) is not 0 && socket.LocalEndPoint is { } address)
            {
                return address is UnixDomainSocketEndPoint ? $"http://unix:{address}" : $"http://{address}";
            }
        }
        catch (SocketException)
        {
            // No socket at all.
        }

        throw new SettingsException($"File descriptor {handle}, which LISTEN_FDS passes, takes no connections. Use ListenStream= and Accept=no in the socket unit.");
    }
}
