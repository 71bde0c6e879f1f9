using Lockstep.Core.Owner;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Own;

/// <summary>What a user stores, and may store.</summary>
internal sealed class UsageHandlers(IBucketIndex index, IQuotaStore quotas, BucketOptions options)
{
    public async ValueTask<Answer> ShowAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var user = request.User.Id;
        var used = await index.UsageByAuthorAsync(user, cancellationToken);
        var stored = QuotaSubject.Parse("/users/" + user) is { } subject ? await quotas.FindAsync(subject, cancellationToken) : null;
        var limit = options.Quotas.OfUser(user, stored);
        return ConsoleAnswers.Object(writer =>
        {
            writer.WriteNumber("bytes", used.Bytes);
            writer.WriteNumber("records", used.Records);
            writer.WriteStartObject("quota");
            writer.WriteNumber("bytes", limit.Bytes);
            writer.WriteNumber("records", limit.Records);
            writer.WriteEndObject();
        });
    }
}
