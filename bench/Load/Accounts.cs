namespace Lockstep.Bench;

/// <summary>Makes accounts and signs each in once, so that no scenario pays for a password hash.</summary>
internal static class Accounts
{
    public static string PasswordOf(string account) => $"s3cr3t-{account}";

    public static async Task MakeAsync(ServerProcess server, IEnumerable<string> accounts, CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(server.Address, cancellationToken);
        foreach (var account in accounts)
        {
            var body = $$$"""{"data":{"password":"{{{PasswordOf(account)}}}"}}""";
            await ExpectAsync(connection, RequestTemplate.Create(server, account: null, $"PUT /v1/accounts/{account}", body), 201, cancellationToken);
            await ExpectAsync(connection, RequestTemplate.Create(server, account, "GET /v1/buckets/default"), 200, cancellationToken);
        }
    }

    /// <summary>Sends a request that prepares something; nothing can be measured without it.</summary>
    public static async Task<HttpAnswer> ExpectAsync(
        HttpConnection connection, RequestTemplate request, int status, CancellationToken cancellationToken)
    {
        var answer = await connection.ExchangeAsync(request.Next(), cancellationToken);
        return answer.Status == status ? answer : throw new InvalidOperationException($"Preparing failed: {answer.Describe()}");
    }
}
