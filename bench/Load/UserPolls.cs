using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Lockstep.Bench;

/// <summary>Polls of the accounts that <see cref="ScaleFile"/> has made, each at the same gateway always, as a load balancer would do it.</summary>
/// <param name="gateways">Where they listen.</param>
/// <param name="password">Of all of them.</param>
/// <param name="stamp">Of all of their lists, as an ETag.</param>
internal sealed class UserPolls(IReadOnlyList<IPEndPoint> gateways, string password, string stamp)
{
    private const string List = "/v1/buckets/default/collections/tasks/records";
    private const int Connections = 8;

    // Longer than a gateway waits for an owner.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <param name="arguments">The gateways' addresses with commas between, the password, the stamp.</param>
    public static UserPolls Parse(string[] arguments) => new(
        [.. arguments[0].Split(',').Select(static url => new Uri(url)).Select(static url => new IPEndPoint(IPAddress.Parse(url.Host), url.Port))], arguments[1], arguments[2]);

    /// <summary>Each user polls once.</summary>
    /// <param name="users">Their numbers.</param>
    /// <param name="onAnswer">Called for each that was told that there is nothing new; on several threads.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Those who were not, each with what came instead.</returns>
    public async Task<IReadOnlyList<(int User, string Why)>> PollAsync(IEnumerable<int> users, Action<int> onAnswer, CancellationToken cancellationToken)
    {
        var failed = new ConcurrentBag<(int, string)>();
        var queues = users.GroupBy(user => user % gateways.Count).Select(static group => (Gateway: group.Key, Users: new ConcurrentQueue<int>(group)));
        await Task.WhenAll(queues.SelectMany(queue => Enumerable.Range(0, Connections).Select(_ => PollAsync(queue.Gateway, queue.Users, onAnswer, failed, cancellationToken))));
        return [.. failed];
    }

    private async Task PollAsync(int gateway, ConcurrentQueue<int> users, Action<int> onAnswer, ConcurrentBag<(int User, string Why)> failed, CancellationToken cancellationToken)
    {
        HttpConnection? connection = null;
        while (users.TryDequeue(out var user))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(Patience);
            try
            {
                connection ??= await HttpConnection.OpenAsync(gateways[gateway], patience.Token);
                var answer = await connection.ExchangeAsync(Request(gateways[gateway], user), patience.Token);
                if (answer.Status == 304)
                {
                    onAnswer(user);
                }
                else
                {
                    failed.Add((user, answer.Describe()));
                }
            }
            catch (Exception e) when (e is IOException or SocketException or InvalidDataException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                failed.Add((user, e.Message));
                connection?.Dispose();
                connection = null;
            }
        }

        connection?.Dispose();
    }

    private byte[] Request(IPEndPoint gateway, int user) => Encoding.ASCII.GetBytes(
        $"GET {List}?_since={Uri.EscapeDataString(stamp)} HTTP/1.1\r\nHost: {gateway}\r\nAccept: application/json\r\nIf-None-Match: {stamp}\r\n"
        + $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ScaleFile.NameOf(user)}:{password}"))}\r\n\r\n");
}
