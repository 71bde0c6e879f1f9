using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Lockstep.Bench;

/// <summary>Streams of changes: what idle ones take in memory, and how long a change takes to reach all streams of a list.</summary>
internal sealed class LiveTest(ServerProcess server, int streams)
{
    private const int Listeners = 1_000;
    private const int Changes = 20;
    private const string User = "live";
    private static readonly string Credentials = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Accounts.PasswordOf(User)}"));

    private const string Idle = "/v1/buckets/default/collections/idle/records";
    private const string Busy = "/v1/buckets/default/collections/busy/records";

    /// <param name="arguments">The server, and how many streams.</param>
    public static LiveTest Parse(string[] arguments) => new(ServerProcess.Parse(arguments[0]), int.Parse(arguments[1], CultureInfo.InvariantCulture));

    public async Task WriteAsync(TextWriter output, CancellationToken stop)
    {
        await Accounts.MakeAsync(server, [User], stop);
        var before = await server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);
        var idle = await OpenAsync(Idle, streams, stop);
        var after = await server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);
        idle.ForEach(static socket => socket.Dispose());
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{streams} idle streams: {before >> 20} MB resident before, {after >> 20} MB with them, {(after - before) / streams / 1024.0:0.0} KB each"));

        var busy = await OpenAsync(Busy, Listeners, stop);
        using var writer = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
        writer.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", Credentials);
        var (times, cpu) = (new List<double>(), server.CpuMicroseconds());
        for (var i = 0; i < Changes; i++)
        {
            var received = busy.ConvertAll(socket => Task.Run(() => UntilAsync(socket, "data: ", stop), stop));
            var begun = Stopwatch.GetTimestamp();
            using var content = new StringContent("""{"data":{"title":"changed"}}""", Encoding.UTF8, "application/json");
            (await writer.PutAsync($"{Busy}/r", content, stop)).EnsureSuccessStatusCode();
            times.AddRange((await Task.WhenAll(received)).Select(at => Stopwatch.GetElapsedTime(begun, at).TotalMilliseconds));
        }

        times.Sort();
        var each = (server.CpuMicroseconds() - cpu) / (double)times.Count;
        busy.ForEach(static socket => socket.Dispose());
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"a change to {Listeners} streams of one user: p50 {times[times.Count / 2]:0} ms, p99 {times[times.Count * 99 / 100]:0} ms from the PUT on, {each:0} us of the server's CPU a change that was told"));
    }

    private async Task<List<Socket>> OpenAsync(string path, int count, CancellationToken stop)
    {
        var request = Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: {server.Address}\r\nAccept: text/event-stream\r\nAuthorization: {Credentials}\r\n\r\n");
        var sockets = new List<Socket>(count);
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(server.Address, stop);
            await socket.SendAsync(request, stop);
            await UntilAsync(socket, "id: ", stop);
            sockets.Add(socket);
        }

        return sockets;
    }

    /// <returns>When the text had come.</returns>
    private static async Task<long> UntilAsync(Socket socket, string text, CancellationToken stop)
    {
        var (buffer, received) = (new byte[4096], 0);
        while (buffer.AsSpan(0, received).IndexOf(Encoding.ASCII.GetBytes(text)) < 0)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(received), stop);
            received += count > 0 ? count : throw new IOException($"The server closed the stream: {Encoding.UTF8.GetString(buffer, 0, received)}");
        }

        return Stopwatch.GetTimestamp();
    }
}
