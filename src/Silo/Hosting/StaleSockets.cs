using System.Net.Sockets;

namespace Lockstep.Silo.Hosting;

/// <summary>A server that was killed leaves its socket's file behind, and the next one could not listen there.</summary>
internal static class StaleSockets
{
    private const string Prefix = "http://unix:";

    /// <summary>Removes the socket files among the addresses on which nobody listens any more.</summary>
    public static void Remove(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(url => url.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)))
        {
            var path = url[Prefix.Length..];
            if (File.Exists(path) && IsRefused(path))
            {
                TryDelete(path);
            }
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // It is another user's. Whoever listens there next is told that it is in use.
        }
    }

    /// <summary>A socket without a listener refuses. So does a plain file, which has content, and is left alone.</summary>
    private static bool IsRefused(string path)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused && new FileInfo(path).Length == 0;
        }
    }
}
