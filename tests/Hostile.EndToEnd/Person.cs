using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Lockstep.Hostile;

/// <summary>Somebody with an account, or nobody, at some address of this machine.</summary>
internal sealed class Person : IDisposable
{
    public const string Records = "/v1/buckets/default/collections/tasks/records";

    private const string Password = "s3cr3t-s3cr3t";

    private readonly IPAddress from;
    private readonly Uri server;

    /// <param name="server">Where the server is.</param>
    /// <param name="name">Null for nobody.</param>
    /// <param name="password">Null for the right one.</param>
    /// <param name="from">Null for the machine's usual loopback address.</param>
    public Person(Uri server, string? name = null, string? password = null, string? from = null)
    {
        (this.server, this.from, Name) = (server, IPAddress.Parse(from ?? "127.0.0.1"), name);
        Http = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, cancellationToken) => (await ConnectAsync(cancellationToken)).GetStream() })
        {
            BaseAddress = server,
        };
        if (name is not null)
        {
            Authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password ?? Password}"));
            Http.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(Authorization);
        }
    }

    public string? Name { get; }

    public string? Authorization { get; }

    public HttpClient Http { get; }

    public static string Account(string? password = null) => $$$"""{"data":{"password":"{{{password ?? Password}}}"}}""";

    public async Task RegisterAsync()
    {
        using var anonymous = new Person(server);
        Assert.Equal(201, await anonymous.SendAsync("PUT", $"/v1/accounts/{Name}", Account()));
    }

    /// <returns>The status; its body was read.</returns>
    public async Task<int> SendAsync(string method, string path, string? body = null, string? type = null, string? behaviour = null, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, type ?? "application/json");
        }

        if (behaviour is not null)
        {
            request.Headers.Add("Response-Behavior", behaviour);
        }

        using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await answer.Content.CopyToAsync(Stream.Null, cancellationToken);
        return (int)answer.StatusCode;
    }

    /// <summary>Sends the head of a request and nothing more.</summary>
    public async Task<TcpClient> BeginAsync(string method, string path, CancellationToken cancellationToken, params string[] headers)
    {
        var connection = await ConnectAsync(cancellationToken);
        string[] own = Authorization is null ? [] : [$"Authorization: {Authorization}"];
        var head = string.Join("\r\n", [$"{method} {path} HTTP/1.1", $"Host: {server.Authority}", .. own, .. headers, "", ""]);
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), cancellationToken);
        return connection;
    }

    public void Dispose() => Http.Dispose();

    private async Task<TcpClient> ConnectAsync(CancellationToken cancellationToken)
    {
        var client = new TcpClient(new IPEndPoint(from, 0)) { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, cancellationToken);
        return client;
    }
}
