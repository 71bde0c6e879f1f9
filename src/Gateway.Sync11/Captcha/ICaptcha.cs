namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>
/// A question that clients show to users who make an account. They show a page, read the values of its elements <c>recaptcha_challenge_field</c> and
/// <c>recaptcha_response_field</c>, and send both along. A server that registers its own implementation before it adds Sync 1.1 uses that instead.
/// </summary>
public interface ICaptcha
{
    /// <summary>Makes a new question.</summary>
    /// <param name="acceptLanguage">The header that selects its language.</param>
    CaptchaQuestion Ask(string acceptLanguage);

    /// <summary>Checks an answer. Each question can be answered once.</summary>
    /// <param name="challenge">As the question had it.</param>
    /// <param name="response">The typed text.</param>
    /// <returns>Whether it is right.</returns>
    ValueTask<bool> TakeAsync(string challenge, string response);
}
