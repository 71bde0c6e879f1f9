namespace Lockstep.Gateway.Accounts;

/// <summary>From a request to who it is, by those schemes that a protocol takes.</summary>
public static class Authentication
{
    /// <returns>Anonymous without a header; refused when no scheme knows it.</returns>
    public static ValueTask<SignIn> SignInAsync(
        this IReadOnlyList<IAuthenticationScheme> schemes, SignInRequest request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.Authorization))
        {
            return ValueTask.FromResult(SignIn.Anonymous);
        }

        var word = request.Authorization.AsSpan().TrimStart();
        var end = word.IndexOf(' ');
        word = end < 0 ? word : word[..end];
        for (var i = 0; i < schemes.Count; i++)
        {
            if (word.Equals(schemes[i].Name, StringComparison.OrdinalIgnoreCase))
            {
                return schemes[i].SignInAsync(request, cancellationToken);
            }
        }

        return ValueTask.FromResult(SignIn.Refused);
    }
}
