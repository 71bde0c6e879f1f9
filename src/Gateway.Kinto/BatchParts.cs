using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The parts of a batch. Each is judged when its turn comes, so a password is checked against the accounts as the earlier parts have
/// left them. The checks are the pipeline's, in its order.
/// </summary>
internal sealed class BatchParts(KintoHandlers kinto, KintoRequest outer, IReadOnlyList<KintoRequest> requests)
{
    private readonly KintoPlan?[] plans = new KintoPlan?[requests.Count];

    // The batch's own, used for each part without headers of its own.
    private readonly string credentials = outer.Header("Authorization") ?? "";

    // By header, so that a wrong password counts once, however many parts send it. The batch's own was checked already.
    private readonly Dictionary<string, SignIn> signIns = new(StringComparer.Ordinal)
    {
        [outer.Header("Authorization") ?? ""] = outer.Principal is null ? SignIn.Refused : new SignIn(SignInStatus.Succeeded, outer.Principal),
    };

    public int Count => requests.Count;

    /// <summary>Plans a part. To be called for one part after the other.</summary>
    public async ValueTask<KintoPlan> PlanAsync(int index, CancellationToken cancellationToken)
    {
        if (plans[index] is { } plan)
        {
            return plan;
        }

        if (Judge(requests[index]) is not { } judged)
        {
            var header = Credentials(requests[index]);
            try
            {
                signIns[header] = await requests[index].SignInAsync(header, cancellationToken);
                judged = Judge(requests[index])!;
            }
            catch (StoreUnavailableException)
            {
                judged = KintoErrors.Unavailable(kinto.Options.RetryAfter);
            }
        }

        if (judged is KintoPlan.Prepared prepared)
        {
            try
            {
                judged = await prepared.PrepareAsync(cancellationToken);
            }
            catch (StoreUnavailableException)
            {
                judged = KintoErrors.Unavailable(kinto.Options.RetryAfter);
            }
        }

        return plans[index] = judged;
    }

    /// <summary>Planning a part has failed, and is not retried.</summary>
    public KintoPlan Fail(int index, KintoResponse response) => plans[index] = response;

    /// <returns>The answer to a part that will not be carried out, if it is known without doing anything; otherwise null.</returns>
    public KintoResponse? AnswerOf(int index) => ((plans[index] ?? Judge(requests[index])) as KintoPlan.Answer)?.Response;

    /// <summary>Passwords or accounts have changed.</summary>
    public void ForgetSignIns() => signIns.Clear();

    /// <returns>Null if the answer depends on a sign-in.</returns>
    private KintoPlan? Judge(KintoRequest request)
    {
        if (kinto.Resources.Match(request.Path) is not { } match)
        {
            return KintoErrors.NotFound;
        }

        if (match.Resource.Find(request.Method) is not { } method)
        {
            return KintoErrors.MethodNotAllowed(match.Resource.Allow);
        }

        if (method.Access == Access.Probe)
        {
            return kinto.Plan(method, request);
        }

        if (request.Refusal is { } refusal)
        {
            return refusal;
        }

        var signIn = SignIn.Anonymous;
        if (Credentials(request) is { Length: > 0 } header && !signIns.TryGetValue(header, out signIn))
        {
            return null;
        }

        if (KintoErrors.Refuse(signIn, kinto.Options) is { } refused)
        {
            return refused;
        }

        if (method.Body is BodyKind.Buffered { MaxBytes: { } maxBytes } && request.Body.Length > maxBytes)
        {
            return KintoErrors.Of(new Refusal.BodyTooLarge(maxBytes), kinto.Options);
        }

        return method.Access == Access.SignedIn && signIn.Principal is null
            ? KintoErrors.Unauthorized
            : kinto.Plan(method, request with { Values = match.Values, Principal = signIn.Principal });
    }

    private string Credentials(KintoRequest request) => ReferenceEquals(request.Header, outer.Header) ? credentials : request.Header("Authorization") ?? "";
}
