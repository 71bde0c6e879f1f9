using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Lockstep.Bench;

/// <summary>Streams of changes: what idle ones take in memory, and how long a change takes to reach all streams of a list, be they of one user or of many.</summary>
internal sealed class LiveTest(ServerProcess server, int streams)
{
    private const int Listeners = 1_000;
    private const int Users = 100;
    private const int Changes = 20;

    private const string Idle = "/v1/buckets/default/collections/idle/records";
    private const string Busy = "/v1/buckets/default/collections/busy/records";
    private const string SharedBucket = "/v1/buckets/live-shared";
    private const string SharedList = $"{SharedBucket}/collections/busy/records";

    private static readonly byte[] Change = "data: "u8.ToArray();
    private static readonly byte[] Id = "id: "u8.ToArray();

    private readonly string[] users = [.. Enumerable.Range(0, Users).Select(static i => $"live{i}")];

    /// <param name="arguments">The server, and how many streams.</param>
    public static LiveTest Parse(string[] arguments) => new(ServerProcess.Parse(arguments[0]), int.Parse(arguments[1], CultureInfo.InvariantCulture));

    public async Task WriteAsync(TextWriter output, CancellationToken stop)
    {
        await Accounts.MakeAsync(server, users, stop);
        var before = await server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);
        var idle = await OpenAsync(Idle, streams, [users[0]], stop);
        var after = await server.SettledBytesAsync(TimeSpan.FromSeconds(15), stop);
        idle.ForEach(static socket => socket.Dispose());
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{streams} idle streams: {before >> 20} MB resident before, {after >> 20} MB with them, {(after - before) / streams / 1024.0:0.0} KB each"));

        using var writer = new HttpClient { BaseAddress = new Uri($"http://{server.Address}") };
        writer.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", CredentialsOf(users[0]));
        await output.WriteLineAsync($"a change to {Listeners} streams of one user: {await ChangeAsync(writer, Busy, [users[0]], stop)}");
        await PutAsync(writer, SharedBucket, """{"permissions":{"read":["system.Authenticated"]}}""", stop);
        await PutAsync(writer, $"{SharedBucket}/collections/busy", "{}", stop);
        await output.WriteLineAsync($"a change to {Listeners} streams of {Users} users: {await ChangeAsync(writer, SharedList, users, stop)}");
    }

    /// <returns>How long it takes, and what.</returns>
    private async Task<string> ChangeAsync(HttpClient writer, string list, string[] readers, CancellationToken stop)
    {
        // The first one is of streams that have just begun, and is not counted.
        var busy = await OpenAsync(list, Listeners, readers, stop);
        await ChangeAsync(writer, list, busy, stop);
        var (times, cpu) = (new List<double>(), server.CpuMicroseconds());
        for (var i = 0; i < Changes; i++)
        {
            times.AddRange(await ChangeAsync(writer, list, busy, stop));
        }

        times.Sort();
        var each = (server.CpuMicroseconds() - cpu) / (double)times.Count;
        busy.ForEach(static socket => socket.Dispose());
        return string.Create(
            CultureInfo.InvariantCulture, $"p50 {times[times.Count / 2]:0} ms, p99 {times[times.Count * 99 / 100]:0} ms from the PUT on, {each:0} us of the server's CPU a change that was told");
    }

    private static async Task<IEnumerable<double>> ChangeAsync(HttpClient writer, string list, List<Socket> listeners, CancellationToken stop)
    {
        var received = listeners.ConvertAll(socket => Task.Run(() => UntilAsync(socket, Change, stop), stop));
        var begun = Stopwatch.GetTimestamp();
        await PutAsync(writer, $"{list}/r", """{"data":{"title":"changed"}}""", stop);
        return (await Task.WhenAll(received)).Select(at => Stopwatch.GetElapsedTime(begun, at).TotalMilliseconds);
    }

    private static async Task PutAsync(HttpClient writer, string path, string json, CancellationToken stop)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await writer.PutAsync(new Uri(path, UriKind.Relative), content, stop);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<List<Socket>> OpenAsync(string path, int count, string[] readers, CancellationToken stop)
    {
        var sockets = new List<Socket>(count);
        for (var i = 0; i < count; i++)
        {
            var request = Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: {server.Address}\r\nAccept: text/event-stream\r\nAuthorization: {CredentialsOf(readers[i % readers.Length])}\r\n\r\n");
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(server.Address, stop);
            await socket.SendAsync(request, stop);
            await UntilAsync(socket, Id, stop);
            sockets.Add(socket);
        }

        return sockets;
    }

    private static string CredentialsOf(string user) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{Accounts.PasswordOf(user)}"));

    /// <returns>When the text had come.</returns>
    private static async Task<long> UntilAsync(Socket socket, byte[] text, CancellationToken stop)
    {
        var (buffer, received) = (new byte[4096], 0);
        while (buffer.AsSpan(0, received).IndexOf(text) < 0)
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(received), stop);
            received += count > 0 ? count : throw new IOException($"The server closed the stream: {Encoding.UTF8.GetString(buffer, 0, received)}");
        }

        return Stopwatch.GetTimestamp();
    }
}
